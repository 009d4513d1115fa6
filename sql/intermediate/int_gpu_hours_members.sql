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
with months as (
  select
    project_id,
    usage_month,
    (usage_month + interval 1 month)::date as next_month,
    gpu_type,
    region,
    min(first_gpu_date) as usage_date
  from int_usage_months
  where first_gpu_date is not null
  group by
    project_id,
    usage_month,
    gpu_type,
    region
),

-- Months in which a project comes to a cost centre or leaves it are looked at by day: of the others the first day tells.
divided as (
  select distinct
    months.project_id,
    months.usage_month
  from months
  inner join int_cost_centres_in_force as centres
    on months.project_id = centres.project_id
    and (
      (months.usage_month < centres.starts_on and months.next_month > centres.starts_on)
      or (months.usage_month < centres.ends_before and months.next_month > centres.ends_before)
    )
),

used as (
  select
    months.project_id,
    months.gpu_type,
    months.region,
    months.usage_date
  from months
  anti join divided
    on months.project_id = divided.project_id
    and months.usage_month = divided.usage_month

  union all

  select
    daily.project_id,
    daily.gpu_type,
    daily.region,
    daily.usage_date
  from fct_gpu_hours_daily as daily
  semi join divided
    on daily.project_id = divided.project_id
    and date_trunc('month', daily.usage_date)::date = divided.usage_month
),

first_uses_of_all as (
  select
    used.project_id,
    max(coalesce(projects.project_name, used.project_id)) as project_name,
    used.gpu_type,
    coalesce(used.region, 'unknown') as region,
    coalesce(centres.cost_centre, 'unassigned') as cost_centre,
    min(used.usage_date) as first_date
  from used
  left join int_usage_projects as projects
    on used.project_id = projects.project_id
  left join int_cost_centres_in_force as centres
    on used.project_id = centres.project_id
    and used.usage_date >= centres.starts_on
    and used.usage_date < centres.ends_before
  group by
    used.project_id,
    used.gpu_type,
    coalesce(used.region, 'unknown'),
    coalesce(centres.cost_centre, 'unassigned')
),

first_uses as (
  select
    project_id,
    max(project_name) as project_name,
    gpu_type,
    region,
    cost_centre,
    grouping(gpu_type) = 0 as is_gpu_type,
    grouping(region) = 0 as is_region,
    grouping(cost_centre) = 0 as is_cost_centre,
    min(first_date) as first_date
  from first_uses_of_all
  group by grouping sets (
    (project_id),
    (project_id, gpu_type),
    (project_id, region),
    (project_id, cost_centre)
  )
),

-- A project is without a cost centre before, between and after the stretches in which it has one.
stretches as (
  select
    project_id,
    cost_centre,
    starts_on,
    ends_before
  from int_cost_centres_in_force

  union all

  select
    project_id,
    null,
    ends_before,
    coalesce(
      lead(starts_on) over (partition by project_id order by starts_on),
      date '9999-12-31'
    )
  from int_cost_centres_in_force

  union all

  select
    first_uses.project_id,
    null,
    date '0001-01-01',
    coalesce(min(centres.starts_on), date '9999-12-31')
  from first_uses
  left join int_cost_centres_in_force as centres
    on first_uses.project_id = centres.project_id
  group by first_uses.project_id
),

final as (
  select
    case
      when is_gpu_type then 'gpu_type'
      when is_region then 'region'
      else 'project'
    end as scope,
    case
      when is_gpu_type then gpu_type
      when is_region then region
      else project_id
    end as scope_value,
    case
      when is_gpu_type then gpu_type
      when is_region then region
      else project_name
    end as scope_name,
    project_id,
    first_date,
    date '9999-12-31' as ends_before
  from first_uses
  where not is_cost_centre

  union all

  select
    'cost_centre',
    first_uses.cost_centre,
    case
      when first_uses.cost_centre = 'unassigned' then 'No cost centre'
      else first_uses.cost_centre
    end,
    first_uses.project_id,
    greatest(stretches.starts_on, first_uses.first_date),
    stretches.ends_before
  from first_uses
  inner join stretches
    on first_uses.project_id = stretches.project_id
    and first_uses.cost_centre = coalesce(stretches.cost_centre, 'unassigned')
  where first_uses.is_cost_centre
    and stretches.ends_before > greatest(stretches.starts_on, first_uses.first_date)
    -- Without any cost centre, those without one are everything once more.
    and exists (select 1 from workspace.cost_centres)

  union all

  select
    'all',
    'all',
    'All projects',
    project_id,
    first_date,
    date '9999-12-31'
  from first_uses
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
