/*
description: The last day on which each resource shows usage of its own.
grain: [resource_id]
columns:
  resource_id: The VM, disk or other resource.
  last_usage_date: The last UTC day with usage above 0.
  resource_type: The type under which it was used that day.
  region: The region in which it was used that day.
*/
with final as (
  select
    resource_id,
    max({'usage_date': usage_date, 'resource_type': resource_type, 'region': region}) as latest
  from stg_resource_usage
  where quantity > 0
    and resource_id is not null
  group by resource_id
)

select
  resource_id,
  latest.usage_date as last_usage_date,
  latest.resource_type as resource_type,
  latest.region as region
from final
