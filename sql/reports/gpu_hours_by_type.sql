/*
description: GPU-hours of the month by GPU type, with the month before.
grain: [gpu_type]
columns:
  gpu_type: The GPU's type, or the resource's where that is not known.
  gpu_hours: The GPU-hours of the month.
  previous_gpu_hours: The GPU-hours of the days before that the month is compared with.
  change_gpu_hours: GPU-hours less previous GPU-hours.
  active_days: On how many days of the month any was used.
*/
-- Parameters: $period_start, $period_end, $previous_start, $previous_end (ends exclusive).

with gpu_usage as (
  select
    usage_date >= cast($period_start as date) as is_current,
    coalesce(gpu_type, resource_type) as gpu_type,
    usage_date,
    gpu_hours
  from fct_gpu_hours_daily
  where (usage_date >= cast($period_start as date) and usage_date < cast($period_end as date))
    or (usage_date >= cast($previous_start as date) and usage_date < cast($previous_end as date))
),

final as (
  select
    gpu_type,
    coalesce(sum(gpu_hours) filter (where is_current), 0)::decimal(38, 12) as gpu_hours,
    coalesce(sum(gpu_hours) filter (where not is_current), 0)::decimal(38, 12) as previous_gpu_hours,
    (coalesce(sum(gpu_hours) filter (where is_current), 0)
      - coalesce(sum(gpu_hours) filter (where not is_current), 0))::decimal(38, 12) as change_gpu_hours,
    count(distinct usage_date) filter (where is_current and gpu_hours > 0) as active_days
  from gpu_usage
  group by gpu_type
)

select
  gpu_type,
  gpu_hours,
  previous_gpu_hours,
  change_gpu_hours,
  active_days
from final
where gpu_hours <> 0
  or previous_gpu_hours <> 0
order by
  gpu_hours desc,
  gpu_type
