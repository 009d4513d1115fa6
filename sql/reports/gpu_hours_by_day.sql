/*
description: >-
  GPU-hours of the month by day and GPU type. A day that was read and had none has one row with 0; a day that was not
  read has one row with null.
grain: [usage_date, gpu_type]
columns:
  usage_date: The UTC day.
  gpu_type: The GPU's type, or the resource's where that is not known; null on a day without any.
  gpu_hours: The GPU-hours of that type on that day; null where the day was not read.
*/
-- Parameters: $period_start, $period_end (exclusive), $today.

with used as (
  select
    usage_date,
    coalesce(gpu_type, resource_type) as gpu_type,
    sum(gpu_hours)::decimal(38, 12) as gpu_hours
  from fct_gpu_hours_daily
  group by
    usage_date,
    coalesce(gpu_type, resource_type)
),

-- Today is not over, so it is here only where some usage of it is known.
days as (
  select unnest(generate_series(
    cast($period_start as date),
    least(cast($period_end as date), cast($today as date)) - 1,
    interval 1 day
  ))::date as usage_date
  union
  select usage_date
  from used
  where usage_date >= cast($period_start as date)
    and usage_date < cast($period_end as date)
),

read_days as (
  select distinct usage_date
  from fct_usage_coverage
  where stream = 'usage'
    and status = 'complete'
),

final as (
  select
    days.usage_date,
    used.gpu_type,
    case
      when used.gpu_hours is not null then used.gpu_hours
      when read_days.usage_date is not null then 0
    end::decimal(38, 12) as gpu_hours
  from days
  left join used
    on used.usage_date = days.usage_date
  left join read_days
    on read_days.usage_date = days.usage_date
)

select
  usage_date,
  gpu_type,
  gpu_hours
from final
order by
  usage_date,
  gpu_type
