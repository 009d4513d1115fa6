/*
description: GPU-hours by day, project, region, type and reservation. Types without a GPU have no row.
grain: [usage_date, project_id, region, resource_type, reservation_id]
incremental: {by: usage_date, follows: [int_usage_daily, {int_usage_projects: [used_from, used_to]}]}
columns:
  organization_id: The organisation.
  usage_date: The UTC day.
  project_id: The project.
  project_name: Its latest name; its id where it has none.
  region: The region as it came.
  resource_type: The type as it came.
  gpu_type: The GPU's type.
  reservation_id: The reservation that it was drawn from; null on demand.
  is_reserved: Whether it was drawn from a reservation.
  gpu_hours: The quantity where the metric is GPU-hours, else instance-hours times the GPUs of the type.
tests:
  - not_null: [usage_date, project_id, project_name, gpu_type, is_reserved, gpu_hours]
  - relationship: {column: project_id, model: dim_project, to: project_id}
  - range: {column: gpu_hours, min: 0}
    severity: warn
*/
with types_of_several_metrics as (
  select coalesce(resource_type, '') as resource_type
  from int_usage_daily
  where gpu_hours is not null
  group by coalesce(resource_type, '')
  having min(coalesce(billable_metric, '')) <> max(coalesce(billable_metric, ''))
),

-- Only of such types two rows can be of one grain.
summed as (
  select
    organization_id,
    usage_date,
    project_id,
    region,
    resource_type,
    gpu_type,
    reservation_id,
    gpu_hours
  from int_usage_daily
  where gpu_hours is not null
    and coalesce(resource_type, '') not in (select resource_type from types_of_several_metrics)

  union all

  select
    organization_id,
    usage_date,
    project_id,
    region,
    resource_type,
    gpu_type,
    reservation_id,
    sum(gpu_hours)::decimal(38, 12)
  from int_usage_daily
  where gpu_hours is not null
    and coalesce(resource_type, '') in (select resource_type from types_of_several_metrics)
  group by all
),

final as (
  select
    summed.organization_id,
    summed.usage_date,
    summed.project_id,
    coalesce(projects.project_name, summed.project_id) as project_name,
    summed.region,
    summed.resource_type,
    summed.gpu_type,
    summed.reservation_id,
    summed.reservation_id is not null as is_reserved,
    summed.gpu_hours
  from summed
  left join int_usage_projects as projects
    on summed.project_id = projects.project_id
)

select
  organization_id,
  usage_date,
  project_id,
  project_name,
  region,
  resource_type,
  gpu_type,
  reservation_id,
  is_reserved,
  gpu_hours
from final
