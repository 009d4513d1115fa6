-- Every GPU type that was ever used, in the order of its first use: what colours are given by.

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
