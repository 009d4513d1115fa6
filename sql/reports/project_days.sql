/*
description: GPU-hours of the period by project, day and GPU type; a day without a row had no GPU usage, or was not read.
grain: [project_id, usage_date, gpu_type]
columns:
  project_id: The project.
  usage_date: The UTC day.
  gpu_type: The GPU type; the resource type where it has none.
  gpu_hours: The GPU-hours.
*/
-- Parameters: $period_start, $period_end (exclusive).

with final as (
  select
    project_id,
    usage_date,
    coalesce(gpu_type, resource_type) as gpu_type,
    sum(gpu_hours)::decimal(38, 12) as gpu_hours
  from fct_gpu_hours_daily
  where usage_date >= cast($period_start as date)
    and usage_date < cast($period_end as date)
  group by
    project_id,
    usage_date,
    coalesce(gpu_type, resource_type)
)

select
  project_id,
  usage_date,
  gpu_type,
  gpu_hours
from final
order by
  project_id,
  usage_date,
  gpu_type
