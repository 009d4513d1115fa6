/*
description: Each day's GPU-hours with the means of 7 and 28 days, and what was out of the ordinary; of the last 90 days, or from a day on.
params:
  from: ""
*/
select
  usage_date,
  gpu_hours,
  mean_7d,
  mean_28d,
  is_anomaly,
  anomaly_reason
from fct_gpu_hours_trend
where scope = 'all'
  and not is_forecast
  and usage_date >= coalesce(nullif($from, '')::date, (select today - 90 from meta_build))
order by usage_date
