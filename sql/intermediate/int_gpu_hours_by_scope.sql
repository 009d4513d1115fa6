/*
description: GPU-hours by day for everything, and by project, GPU type and region, from the first day of use to the last whole one.
grain: [scope, scope_value, usage_date]
columns:
  usage_date: The UTC day.
  scope: all, project, gpu_type or region.
  scope_value: The project's id, the GPU type or the region; all where the scope is all.
  scope_name: What it is called.
  gpu_hours: GPU-hours; 0 where the day was read and had none, null where it was not read.
  is_whole: Whether the day was read for every project that had used GPUs in the scope by then.
*/
with usage as (
  select
    usage_date,
    project_id,
    project_name,
    gpu_type,
    coalesce(region, 'unknown') as region,
    gpu_hours
  from fct_gpu_hours_daily
),

scoped as (
  select
    usage_date,
    project_id,
    'all' as scope,
    'all' as scope_value,
    'All projects' as scope_name,
    gpu_hours
  from usage

  union all

  select
    usage_date,
    project_id,
    'project',
    project_id,
    project_name,
    gpu_hours
  from usage

  union all

  select
    usage_date,
    project_id,
    'gpu_type',
    gpu_type,
    gpu_type,
    gpu_hours
  from usage

  union all

  select
    usage_date,
    project_id,
    'region',
    region,
    region,
    gpu_hours
  from usage
),

summed as (
  select
    scope,
    scope_value,
    usage_date,
    sum(gpu_hours)::decimal(38, 12) as gpu_hours
  from scoped
  group by
    scope,
    scope_value,
    usage_date
),

-- Today is partial, so that the calendar ends yesterday; usage after today says that the clock stands in the past.
calendar_end as (
  select
    greatest(
      max(build.today) - 1,
      max(usage.usage_date) filter (where usage.usage_date > build.today)
    ) as last_date
  from meta.build as build
  left join usage
    on true
),

scopes as (
  select
    scoped.scope,
    scoped.scope_value,
    max(scoped.scope_name) as scope_name,
    min(scoped.usage_date) as first_date
  from scoped
  group by
    scoped.scope,
    scoped.scope_value
),

spine as (
  select
    scopes.scope,
    scopes.scope_value,
    scopes.scope_name,
    unnest(generate_series(scopes.first_date, calendar_end.last_date, interval 1 day))::date as usage_date
  from scopes
  cross join calendar_end
  where scopes.first_date <= calendar_end.last_date
),

members as (
  select
    scope,
    scope_value,
    project_id,
    min(usage_date) as first_date
  from scoped
  group by
    scope,
    scope_value,
    project_id
),

reads as (
  select
    members.scope,
    members.scope_value,
    days.usage_date,
    bool_and(days.is_whole) as is_whole
  from members
  inner join int_usage_read_days as days
    on members.project_id = days.project_id
    and members.first_date <= days.usage_date
  group by
    members.scope,
    members.scope_value,
    days.usage_date
),

final as (
  select
    spine.usage_date,
    spine.scope,
    spine.scope_value,
    spine.scope_name,
    case
      when summed.gpu_hours is not null then summed.gpu_hours
      when reads.is_whole then 0
    end::decimal(38, 12) as gpu_hours,
    -- Usage that is there without any word of its reading is taken as it is.
    coalesce(reads.is_whole, summed.gpu_hours is not null) as is_whole
  from spine
  left join summed
    on spine.scope = summed.scope
    and spine.scope_value = summed.scope_value
    and spine.usage_date = summed.usage_date
  left join reads
    on spine.scope = reads.scope
    and spine.scope_value = reads.scope_value
    and spine.usage_date = reads.usage_date
)

select
  usage_date,
  scope,
  scope_value,
  scope_name,
  gpu_hours,
  is_whole
from final
