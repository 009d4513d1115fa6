/*
description: The span of days and the projects for which each organisation has usage, as usage/options says now.
grain: [organization_id]
columns:
  organization_id: The organisation.
  start_date: The first day with usage.
  end_date: The last day with usage.
  project_ids: The projects with usage.
*/
with final as (
  select
    organization_id,
    start_date,
    end_date,
    coalesce(projects, []) as project_ids
  from raw.usage_options
  where _valid_to is null
)

select
  organization_id,
  start_date,
  end_date,
  project_ids
from final
