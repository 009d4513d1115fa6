/*
description: >-
  What GPU-hours will come to by the end of the month that runs, and over the next 30 days, with the interval that 80 %
  of such forecasts kept to.
grain: [target]
columns:
  target: month_end or next_30_days.
  starts_on: The first day of the span.
  ends_on: The last day of the span.
  known_days: How many of its days were read whole.
  known_gpu_hours: The GPU-hours of those.
  missing_days: How many of its days are over and were not read whole.
  forecast: GPU-hours of the whole span; null with too little history.
  forecast_low: The lower end of the 80 % interval; null without a back-test.
  forecast_high: The upper end of it.
  method: What the method is called.
  mean_absolute_error: What the method was off by in the back-test.
  note: What is to be said of the forecast.
*/

with final as (
  select
    target,
    starts_on,
    ends_on,
    known_days,
    known_gpu_hours,
    missing_days,
    forecast,
    forecast_low,
    forecast_high,
    method,
    mean_absolute_error,
    note
  from fct_gpu_hours_forecast
  where scope = 'all'
)

select
  target,
  starts_on,
  ends_on,
  known_days,
  known_gpu_hours,
  missing_days,
  forecast,
  forecast_low,
  forecast_high,
  method,
  mean_absolute_error,
  note
from final
order by target
