-- The days of the month that stand out, for everything, a project, a GPU type, a region or a cost centre.
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
  case scope when 'all' then 0 when 'project' then 1 when 'gpu_type' then 2 when 'region' then 3 else 4 end,
  scope,
  scope_value
