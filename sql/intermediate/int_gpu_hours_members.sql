/*
description: >-
  Which projects a scope of the trend is made of, and over which days: from the project's first use of GPUs in it on,
  and, in a cost centre, only as long as the project belongs to it.
grain: [scope, scope_value, project_id, first_date]
columns:
  scope: all, project, gpu_type, region or cost_centre.
  scope_value: The project's id, the GPU type, the region or the cost centre; all where the scope is all.
  scope_name: What it is called.
  project_id: The project.
  first_date: Its first day of use in the scope.
  ends_before: The day from which it no longer belongs to it.
*/
with usage as (
  select
    daily.usage_date,
    daily.project_id,
    daily.project_name,
    daily.gpu_type,
    coalesce(daily.region, 'unknown') as region,
    coalesce(centres.cost_centre, 'unassigned') as cost_centre,
    coalesce(centres.ends_before, date '9999-12-31') as ends_before
  from fct_gpu_hours_daily as daily
  left join int_cost_centres_in_force as centres
    on daily.project_id = centres.project_id
    and daily.usage_date >= centres.starts_on
    and daily.usage_date < centres.ends_before
),

members as (
  select
    project_id,
    max(project_name) as project_name,
    gpu_type,
    region,
    cost_centre,
    ends_before,
    grouping(gpu_type) = 0 as is_gpu_type,
    grouping(region) = 0 as is_region,
    grouping(cost_centre) = 0 as is_cost_centre,
    min(usage_date) as first_date
  from usage
  group by grouping sets (
    (project_id),
    (project_id, gpu_type),
    (project_id, region),
    (project_id, cost_centre, ends_before)
  )
),

final as (
  select
    case
      when is_gpu_type then 'gpu_type'
      when is_region then 'region'
      when is_cost_centre then 'cost_centre'
      else 'project'
    end as scope,
    case
      when is_gpu_type then gpu_type
      when is_region then region
      when is_cost_centre then cost_centre
      else project_id
    end as scope_value,
    case
      when is_gpu_type then gpu_type
      when is_region then region
      when not is_cost_centre then project_name
      when cost_centre = 'unassigned' then 'No cost centre'
      else cost_centre
    end as scope_name,
    project_id,
    first_date,
    case when is_cost_centre then ends_before else date '9999-12-31' end as ends_before
  from members
  -- Without any cost centre, those without one are everything once more.
  where not is_cost_centre
    or exists (select 1 from workspace.cost_centres)

  union all

  select
    'all',
    'all',
    'All projects',
    project_id,
    first_date,
    date '9999-12-31'
  from members
  where not is_gpu_type
    and not is_region
    and not is_cost_centre
)

select
  scope,
  scope_value,
  scope_name,
  project_id,
  first_date,
  ends_before
from final
