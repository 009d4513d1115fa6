/*
description: The last day on which each resource shows usage of its own.
grain: [resource_id]
columns:
  resource_id: The VM, disk or other resource.
  last_usage_date: The last UTC day with usage above 0.
  resource_type: The type under which it was used that day.
  region: The region in which it was used that day.
*/
-- The day first and then what was used on it: to compare millions of rows as structures takes four times as long.
with last_days as (
  select
    resource_id,
    max(usage_date) as last_usage_date
  from stg_resource_usage
  where quantity > 0
    and resource_id is not null
  group by resource_id
),

final as (
  select
    last_days.resource_id,
    last_days.last_usage_date,
    max({'resource_type': usage.resource_type, 'region': usage.region}) as latest
  from stg_resource_usage as usage
  inner join last_days
    on usage.resource_id = last_days.resource_id
    and usage.usage_date = last_days.last_usage_date
  where usage.quantity > 0
  group by
    last_days.resource_id,
    last_days.last_usage_date
)

select
  resource_id,
  last_usage_date,
  latest.resource_type as resource_type,
  latest.region as region
from final
