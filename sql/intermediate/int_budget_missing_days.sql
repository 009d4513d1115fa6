/*
description: Past days since the first that was read, of which not all usage of a cost centre was read, so that its cost may be more than is known.
grain: [scope, cost_centre, usage_date]
columns:
  scope: cost_centre, or all for the whole organisation.
  cost_centre: The cost centre; null for projects without one, and where the scope is all.
  usage_date: The UTC day.
*/
with history as (
  select min(usage_date) as first_date
  from int_usage_read_days
),

cost_centres as (
  select cost_centre
  from workspace.cost_centres

  union

  select cost_centre
  from workspace.budgets

  union

  select null
),

-- Nothing says of such a day that it was read for anyone.
unread as (
  select past.usage_date
  from (
    select unnest(generate_series(history.first_date, build.today - 1, interval 1 day))::date as usage_date
    from history
    cross join meta.build as build
    where history.first_date < build.today
  ) as past
  anti join int_usage_read_days as days
    on past.usage_date = days.usage_date
),

missing as (
  select
    cost_centres.cost_centre,
    unread.usage_date
  from unread
  cross join cost_centres

  union

  select
    centres.cost_centre,
    days.usage_date
  from int_usage_read_days as days
  cross join meta.build as build
  left join int_cost_centres_in_force as centres
    on days.project_id = centres.project_id
    and days.usage_date >= centres.starts_on
    and days.usage_date < centres.ends_before
  where not days.is_whole
    and days.usage_date < build.today
),

final as (
  select
    'cost_centre' as scope,
    cost_centre,
    usage_date
  from missing

  union all

  select distinct
    'all',
    null,
    usage_date
  from missing
)

select
  scope,
  cost_centre,
  usage_date
from final
