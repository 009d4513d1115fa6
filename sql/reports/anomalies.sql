-- The days of the month that stand out, for everything, a project, a GPU type or a region.
-- Parameters: $month_start, $month_end (exclusive).

with final as (
  select
    usage_date,
    scope,
    scope_value,
    scope_name,
    gpu_hours,
    mean_28d,
    anomaly_reason
  from fct_gpu_hours_trend
  where is_anomaly
    and usage_date >= cast($month_start as date)
    and usage_date < cast($month_end as date)
)

select
  usage_date,
  scope,
  scope_value,
  scope_name,
  gpu_hours,
  mean_28d,
  anomaly_reason
from final
order by
  usage_date,
  case scope when 'all' then 0 when 'project' then 1 when 'gpu_type' then 2 else 3 end,
  scope,
  scope_value
