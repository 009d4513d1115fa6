/*
description: >-
  GPU-hours by day over the thirteen weeks that end with the period, with their means and anomalies; of the last period
  that is over and of one that runs, also the days since and the forecast of those to come.
grain: [usage_date]
columns:
  usage_date: The UTC day.
  gpu_hours: The GPU-hours of the day; null where it was not read, or is still to come.
  mean_7d: The mean of this day and the 6 before; null unless every one of them was read whole.
  mean_28d: The mean of this day and the 27 before; null unless every one of them was read whole.
  week_on_week: mean_7d over the one of 7 days before, less 1; null where either is missing or that is 0.
  month_on_month: mean_28d over the one of 28 days before, less 1; null where either is missing or that is 0.
  is_anomaly: Whether the day stands out.
  anomaly_reason: Why it does; null where it does not.
  is_forecast: Whether the day is still to come.
  forecast: The GPU-hours that are forecast for it; null for other days.
  forecast_low: The lower end of the 80 % interval of the forecast; null with too little history.
  forecast_high: The upper end of it.
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
    anomaly_reason,
    coalesce(is_forecast, false) as is_forecast,
    forecast,
    forecast_low,
    forecast_high
  from fct_gpu_hours_trend
  where scope = 'all'
    and usage_date >= cast($period_end as date) - 91
    and (
      usage_date < least(cast($period_end as date), cast($today as date) + 1)
      or cast($period_end as date) >= date_trunc('month', cast($today as date))
    )
)

select
  usage_date,
  gpu_hours,
  mean_7d,
  mean_28d,
  week_on_week,
  month_on_month,
  is_anomaly,
  anomaly_reason,
  is_forecast,
  forecast,
  forecast_low,
  forecast_high
from final
order by usage_date
