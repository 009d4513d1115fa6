/*
description: Every project that is listed, was listed, or shows only in usage, inventory or reads.
grain: [project_id]
columns:
  organization_id: The organisation that it belongs to.
  project_id: The project.
  project_name: Its latest name; its id where it has none.
  is_current: Whether the API lists it now.
  first_seen_at: When it was first seen in any way, UTC.
*/
with sightings as (
  select
    organization_id,
    project_id,
    min(valid_from) as first_seen_at
  from stg_projects
  group by
    organization_id,
    project_id

  union all

  select
    organization_id,
    project_id,
    min(known_from)
  from stg_usage
  group by
    organization_id,
    project_id

  union all

  select
    organization_id,
    project_id,
    min(_known_from)
  from raw.resource_usage
  group by
    organization_id,
    project_id

  union all

  select
    organization_id,
    project_id,
    min(valid_from)
  from stg_vms
  group by
    organization_id,
    project_id

  union all

  select
    organization_id,
    project_id,
    min(valid_from)
  from stg_disks
  group by
    organization_id,
    project_id
),

seen as (
  select
    project_id,
    min(organization_id) as organization_id,
    min(first_seen_at) as first_seen_at
  from sightings
  where project_id is not null
  group by project_id
),

listed as (
  select
    organization_id,
    project_id,
    project_name,
    is_current
  from stg_projects
  qualify row_number() over (
    partition by project_id
    order by is_current desc, valid_from desc, organization_id
  ) = 1
),

final as (
  select
    coalesce(listed.organization_id, seen.organization_id) as organization_id,
    seen.project_id,
    coalesce(listed.project_name, seen.project_id) as project_name,
    coalesce(listed.is_current, false) as is_current,
    seen.first_seen_at
  from seen
  left join listed
    on seen.project_id = listed.project_id
)

select
  organization_id,
  project_id,
  project_name,
  is_current,
  first_seen_at
from final
