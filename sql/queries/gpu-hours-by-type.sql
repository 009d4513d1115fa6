/*
description: GPU-hours by GPU type and month, reserved and on demand.
*/
select
  date_trunc('month', usage_date)::date as month,
  gpu_type,
  sum(gpu_hours) as gpu_hours,
  coalesce(sum(gpu_hours) filter (is_reserved), 0) as reserved_gpu_hours
from fct_gpu_hours_daily
group by all
order by
  month,
  gpu_type
