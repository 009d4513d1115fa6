/*
description: When something was known of a project's usage of a day, in all or by resource, at first and last.
grain: [usage_date, organization_id, project_id]
incremental: {by: usage_date, follows: [stg_usage, raw.resource_usage]}
columns:
  usage_date: The UTC day.
  organization_id: The organisation.
  project_id: The project.
  first_known_at: When the first value of the day was read, UTC.
  last_known_at: When the last was.
*/
with sightings as (
  select
    usage_date,
    organization_id,
    project_id,
    min(known_from) as first_known_at,
    max(known_from) as last_known_at
  from stg_usage
  group by
    usage_date,
    organization_id,
    project_id

  union all

  select
    usage_date,
    organization_id,
    project_id,
    min(_known_from),
    max(_known_from)
  from raw.resource_usage
  group by
    usage_date,
    organization_id,
    project_id
),

final as (
  select
    usage_date,
    organization_id,
    project_id,
    min(first_known_at) as first_known_at,
    max(last_known_at) as last_known_at
  from sightings
  group by
    usage_date,
    organization_id,
    project_id
)

select
  usage_date,
  organization_id,
  project_id,
  first_known_at,
  last_known_at
from final
