/*
description: Every shared cost of tally.toml has projects that the API knows, and someone to bear it on each day. What fails here is borne by nobody, or shares nothing.
severity: warn
*/
with unborne as (
  select
    shared_cost,
    null as project_id,
    'Nobody can bear it: ' || case
      when min(usage_date) = max(usage_date) then 'on ' || strftime(min(usage_date), '%Y-%m-%d')
      else 'on ' || count(distinct usage_date) || ' days from ' || strftime(min(usage_date), '%Y-%m-%d')
        || ' to ' || strftime(max(usage_date), '%Y-%m-%d')
    end || '.' as message
  from fct_shared_cost_daily
  where allocation_key = 'none'
  group by shared_cost
),

unknown as (
  select
    shared.shared_cost,
    shared.project_id,
    'No project has this id.' as message
  from meta.shared_project as shared
  anti join int_projects as projects
    on shared.project_id = projects.project_id

  union all

  select
    shares.shared_cost,
    shares.project_id,
    'No shared cost of tally.toml has this name and the key fixed: line ' || shares.source_line || ' of shared-costs.csv says nothing.'
  from workspace.shared_cost_shares as shares
  anti join meta.shared_cost as shared
    on shares.shared_cost = shared.shared_cost
    and shared.allocation_key = 'fixed'
),

final as (
  select *
  from unborne

  union all

  select *
  from unknown
)

select
  shared_cost,
  project_id,
  message
from final
