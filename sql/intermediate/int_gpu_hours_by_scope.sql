/*
description: GPU-hours by day of each scope of the trend, from its first day of use to the last whole day.
grain: [scope_number, usage_date]
incremental: {by: usage_date, follows: [fct_gpu_hours_daily, int_gpu_hours_days, int_usage_read_days]}
columns:
  scope_number: The scope, as in int_gpu_hours_scopes.
  usage_date: The UTC day.
  gpu_hours: GPU-hours; 0 where the day was read and had none, null where it was not read.
  is_whole: Whether the day was read for every project that had used GPUs in the scope by then.
*/
with usage as (
  select
    daily.usage_date,
    daily.project_id,
    daily.gpu_type,
    coalesce(daily.region, 'unknown') as region,
    coalesce(centres.cost_centre, 'unassigned') as cost_centre,
    daily.gpu_hours
  from fct_gpu_hours_daily as daily
  left join int_cost_centres_in_force as centres
    on daily.project_id = centres.project_id
    and daily.usage_date >= centres.starts_on
    and daily.usage_date < centres.ends_before
),

summed as (
  select
    usage_date,
    case
      when grouping(project_id) = 0 then 'project'
      when grouping(gpu_type) = 0 then 'gpu_type'
      when grouping(region) = 0 then 'region'
      when grouping(cost_centre) = 0 then 'cost_centre'
      else 'all'
    end as scope,
    coalesce(project_id, gpu_type, region, cost_centre, 'all') as scope_value,
    sum(gpu_hours)::decimal(38, 12) as gpu_hours
  from usage
  group by grouping sets (
    (usage_date),
    (usage_date, project_id),
    (usage_date, gpu_type),
    (usage_date, region),
    (usage_date, cost_centre)
  )
),

used as (
  select
    scopes.scope_number,
    summed.usage_date,
    summed.gpu_hours
  from summed
  inner join int_gpu_hours_scopes as scopes
    on summed.scope = scopes.scope
    and summed.scope_value = scopes.scope_value
  inner join int_gpu_hours_days as days
    on summed.usage_date = days.usage_date
),

members as (
  select
    scopes.scope_number,
    members.project_id,
    members.first_date,
    members.ends_before
  from int_gpu_hours_members as members
  inner join int_gpu_hours_scopes as scopes
    on members.scope = scopes.scope
    and members.scope_value = scopes.scope_value
),

flawed as (
  select distinct
    members.scope_number,
    days.usage_date
  from members
  inner join int_usage_read_days as days
    on members.project_id = days.project_id
    and members.first_date <= days.usage_date
    and members.ends_before > days.usage_date
  where not days.is_whole
),

spine as (
  select
    scopes.scope_number,
    days.usage_date
  from int_gpu_hours_scopes as scopes
  inner join int_gpu_hours_days as days
    on scopes.first_date <= days.usage_date
),

unused as (
  select
    spine.scope_number,
    spine.usage_date
  from spine
  anti join used
    on spine.scope_number = used.scope_number
    and spine.usage_date = used.usage_date
),

-- Few days are without usage, so that only they are held against what was read. On a day on which no project belongs
-- to a cost centre it has none.
unused_but_read as (
  select
    unused.scope_number,
    unused.usage_date
  from unused
  anti join members
    on unused.scope_number = members.scope_number
    and unused.usage_date >= members.first_date
    and unused.usage_date < members.ends_before

  union

  select distinct
    unused.scope_number,
    unused.usage_date
  from unused
  inner join members
    on unused.scope_number = members.scope_number
    and unused.usage_date >= members.first_date
    and unused.usage_date < members.ends_before
  inner join int_usage_read_days as days
    on members.project_id = days.project_id
    and unused.usage_date = days.usage_date
  where days.is_whole
),

days as (
  select
    scope_number,
    usage_date,
    gpu_hours,
    -- Usage that is there without any word of its reading is taken as it is.
    true as is_read
  from used

  union all

  select
    unused.scope_number,
    unused.usage_date,
    null,
    unused_but_read.usage_date is not null
  from unused
  left join unused_but_read
    on unused.scope_number = unused_but_read.scope_number
    and unused.usage_date = unused_but_read.usage_date
),

final as (
  select
    days.scope_number,
    days.usage_date,
    days.is_read and flawed.usage_date is null as is_whole,
    case when days.gpu_hours is null and is_whole then 0 else days.gpu_hours end::decimal(38, 12) as gpu_hours
  from days
  left join flawed
    on days.scope_number = flawed.scope_number
    and days.usage_date = flawed.usage_date
)

select
  scope_number,
  usage_date,
  gpu_hours,
  is_whole
from final
