/*
description: Every GPU type that was ever used, in the order of its first use. Colours are given by it.
grain: [gpu_type]
columns:
  gpu_type: The GPU's type, or the resource's where that is not known.
  first_usage_date: The first UTC day on which it was used.
*/
with final as (
  select
    coalesce(gpu_type, resource_type) as gpu_type,
    min(usage_date) as first_usage_date
  from fct_gpu_hours_daily
  where gpu_hours > 0
  group by coalesce(gpu_type, resource_type)
)

select
  gpu_type,
  first_usage_date
from final
order by
  first_usage_date,
  gpu_type
