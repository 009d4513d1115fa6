/*
description: What is forecast to the month's end and for the next 30 days, with the interval and the method's error.
*/
select
  scope,
  scope_name,
  target,
  forecast,
  forecast_low,
  forecast_high,
  method,
  mean_absolute_error,
  naive_mean_absolute_error
from fct_gpu_hours_forecast
order by
  scope,
  forecast desc nulls last,
  scope_name,
  target
