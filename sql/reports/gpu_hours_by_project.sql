/*
description: GPU-hours of the month by project, with the month before.
grain: [project_id]
columns:
  project_id: The project.
  project_name: Its name; its id where it has none.
  gpu_hours: The GPU-hours of the month.
  reserved_gpu_hours: Those of them that were drawn from a reservation.
  previous_gpu_hours: The GPU-hours of the days before that the month is compared with.
  change_gpu_hours: GPU-hours less previous GPU-hours.
  active_days: On how many days of the month it used any.
  organization_id: Its organisation.
*/
-- Parameters: $period_start, $period_end, $previous_start, $previous_end (ends exclusive).

with gpu_usage as (
  select
    usage_date >= cast($period_start as date) as is_current,
    usage_date,
    project_id,
    project_name,
    organization_id,
    gpu_hours,
    is_reserved
  from fct_gpu_hours_daily
  where (usage_date >= cast($period_start as date) and usage_date < cast($period_end as date))
    or (usage_date >= cast($previous_start as date) and usage_date < cast($previous_end as date))
),

final as (
  select
    project_id,
    coalesce(max(project_name), project_id) as project_name,
    max(organization_id) as organization_id,
    coalesce(sum(gpu_hours) filter (where is_current), 0)::decimal(38, 12) as gpu_hours,
    coalesce(sum(gpu_hours) filter (where is_current and is_reserved), 0)::decimal(38, 12) as reserved_gpu_hours,
    coalesce(sum(gpu_hours) filter (where not is_current), 0)::decimal(38, 12) as previous_gpu_hours,
    (coalesce(sum(gpu_hours) filter (where is_current), 0)
      - coalesce(sum(gpu_hours) filter (where not is_current), 0))::decimal(38, 12) as change_gpu_hours,
    count(distinct usage_date) filter (where is_current and gpu_hours > 0) as active_days
  from gpu_usage
  group by project_id
)

select
  project_id,
  project_name,
  gpu_hours,
  reserved_gpu_hours,
  previous_gpu_hours,
  change_gpu_hours,
  active_days,
  organization_id
from final
where gpu_hours <> 0
  or previous_gpu_hours <> 0
order by
  gpu_hours desc,
  previous_gpu_hours desc,
  project_id
