/*
description: GPU-hours by day over the thirteen weeks that end with the month, with their means and anomalies.
grain: [usage_date]
columns:
  usage_date: The UTC day.
  gpu_hours: The GPU-hours of the day.
  mean_7d: The mean of this day and the 6 before; null unless every one of them was read whole.
  mean_28d: The mean of this day and the 27 before; null unless every one of them was read whole.
  week_on_week: mean_7d over the one of 7 days before, less 1; null where either is missing or that is 0.
  month_on_month: mean_28d over the one of 28 days before, less 1; null where either is missing or that is 0.
  is_anomaly: Whether the day stands out.
  anomaly_reason: Why it does; null where it does not.
*/
-- Parameters: $period_end (exclusive), $today.

with final as (
  select
    usage_date,
    gpu_hours,
    mean_7d,
    mean_28d,
    week_on_week,
    month_on_month,
    coalesce(is_anomaly, false) as is_anomaly,
    anomaly_reason
  from fct_gpu_hours_trend
  where scope = 'all'
    and not is_forecast
    and usage_date >= cast($period_end as date) - 91
    and usage_date < cast($period_end as date)
    and usage_date <= cast($today as date)
)

select
  usage_date,
  gpu_hours,
  mean_7d,
  mean_28d,
  week_on_week,
  month_on_month,
  is_anomaly,
  anomaly_reason
from final
order by usage_date
