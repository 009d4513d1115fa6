-- GPU-hours by day over the thirteen weeks that end with the month, with their means and anomalies.
-- Parameters: $month_end (exclusive), $today.

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
    and usage_date >= cast($month_end as date) - 91
    and usage_date < cast($month_end as date)
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
