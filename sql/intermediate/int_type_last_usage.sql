/*
description: The last day on which each resource type shows usage in each project and region.
grain: [project_id, resource_type_key, region_key]
columns:
  organization_id: The organisation.
  project_id: The project.
  resource_type_key: The type in lower case.
  region_key: The region in lower case and without a zone; null for usage without a region.
  last_usage_date: The last UTC day with usage above 0.
*/
with final as (
  select
    max(organization_id) as organization_id,
    project_id,
    lower(resource_type) as resource_type_key,
    regexp_replace(lower(region), '-[a-z]$', '') as region_key,
    max(last_used_date) as last_usage_date
  from int_usage_months
  where not is_exported
    and last_used_date is not null
  group by
    project_id,
    lower(resource_type),
    regexp_replace(lower(region), '-[a-z]$', '')
)

select
  organization_id,
  project_id,
  resource_type_key,
  region_key,
  last_usage_date
from final
