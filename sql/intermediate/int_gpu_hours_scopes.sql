/*
description: >-
  What the trend is drawn for: everything, and each project, GPU type, region and cost centre that ever used GPUs.
grain: [scope_number]
columns:
  scope_number: A number for it, that goes by scope and scope_value.
  scope: all, project, gpu_type, region or cost_centre.
  scope_value: The project's id, the GPU type, the region or the cost centre; all where the scope is all.
  scope_name: What it is called.
  first_date: Its first day of use.
  known_from: The day from which up to first_date every day was read whole and had none.
  last_date: The last day of the trend, the same for every scope.
*/
with trend_end as (
  select max(usage_date) as last_date
  from int_gpu_hours_days
),

scopes as (
  select
    members.scope,
    members.scope_value,
    max(members.scope_name) as scope_name,
    min(members.first_date) as first_date
  from int_gpu_hours_members as members
  group by
    members.scope,
    members.scope_value
),

-- The whole days of those projects that the scope begins with, each numbered from its first day of use back.
days_before as (
  select
    scopes.scope,
    scopes.scope_value,
    members.project_id,
    scopes.first_date - days.usage_date as days_ahead,
    row_number() over (
      partition by scopes.scope, scopes.scope_value, members.project_id
      order by days.usage_date desc
    ) as whole_days_ahead
  from scopes
  inner join int_gpu_hours_members as members
    on scopes.scope = members.scope
    and scopes.scope_value = members.scope_value
    and scopes.first_date = members.first_date
  inner join int_usage_read_days as days
    on members.project_id = days.project_id
    and scopes.first_date > days.usage_date
  where days.is_whole
),

unbroken as (
  select
    scope,
    scope_value,
    project_id,
    max(days_ahead) as days_ahead
  from days_before
  where days_ahead = whole_days_ahead
  group by
    scope,
    scope_value,
    project_id
),

known_ahead as (
  select
    scopes.scope,
    scopes.scope_value,
    min(coalesce(unbroken.days_ahead, 0)) as days_ahead
  from scopes
  inner join int_gpu_hours_members as members
    on scopes.scope = members.scope
    and scopes.scope_value = members.scope_value
    and scopes.first_date = members.first_date
  left join unbroken
    on members.scope = unbroken.scope
    and members.scope_value = unbroken.scope_value
    and members.project_id = unbroken.project_id
  group by
    scopes.scope,
    scopes.scope_value
),

final as (
  select
    row_number() over (order by scopes.scope, scopes.scope_value)::integer as scope_number,
    scopes.scope,
    scopes.scope_value,
    scopes.scope_name,
    scopes.first_date,
    scopes.first_date - known_ahead.days_ahead::integer as known_from,
    trend_end.last_date
  from scopes
  inner join known_ahead
    on scopes.scope = known_ahead.scope
    and scopes.scope_value = known_ahead.scope_value
  cross join trend_end
)

select
  scope_number,
  scope,
  scope_value,
  scope_name,
  first_date,
  known_from,
  last_date
from final
