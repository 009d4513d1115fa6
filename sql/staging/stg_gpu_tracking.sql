/*
description: GPUs in use and reserved over time, by product line and region. Empty where it is not offered.
grain: [organization_id, event_time, product_line, region]
columns:
  organization_id: The organisation.
  event_time: The instant, UTC.
  product_line: The product line.
  region: The region.
  gpu_usage: GPUs in use.
  on_demand_count: How many of them on demand.
  regional_capacity: GPUs reserved in the region.
  global_capacity: GPUs reserved anywhere.
  price: The price of the reservation, as the API says.
*/
with final as (
  select
    organization_id,
    event_time,
    product_line,
    region,
    gpu_usage,
    on_demand_count,
    regional_capacity,
    global_capacity,
    price
  from raw.gpu_tracking
  where _valid_to is null
)

select
  organization_id,
  event_time,
  product_line,
  region,
  gpu_usage,
  on_demand_count,
  regional_capacity,
  global_capacity,
  price
from final
