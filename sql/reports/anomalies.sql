/*
description: The days of the month that stand out, for everything, a project, a GPU type, a region or a cost centre.
grain: [usage_date, scope, scope_value]
columns:
  usage_date: The UTC day.
  scope: What stands out on it, all, project, gpu_type, region or cost_centre.
  scope_value: The id or the name of the one meant.
  scope_name: Its name to be read.
  gpu_hours: The GPU-hours of the day.
  mean_28d: The mean of this day and the 27 before; null unless every one of them was read whole.
  anomaly_reason: Why the day stands out, with the numbers that it rests on.
  anomaly_drivers: The projects or resource types that explain most of it, with their part, in words.
*/
-- Parameters: $period_start, $period_end (exclusive).

with final as (
  select
    usage_date,
    scope,
    scope_value,
    scope_name,
    gpu_hours,
    mean_28d,
    anomaly_reason,
    anomaly_drivers
  from fct_gpu_hours_trend
  where is_anomaly
    and usage_date >= cast($period_start as date)
    and usage_date < cast($period_end as date)
)

select
  usage_date,
  scope,
  scope_value,
  scope_name,
  gpu_hours,
  mean_28d,
  anomaly_reason,
  anomaly_drivers
from final
order by
  usage_date,
  case scope when 'all' then 0 when 'project' then 1 when 'gpu_type' then 2 when 'region' then 3 else 4 end,
  scope,
  scope_value
