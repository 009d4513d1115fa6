/*
description: What counts against budgets - the cost that each cost centre bears by day, shared costs included, in the currency in which it is budgeted.
grain: [scope, cost_centre, currency, usage_date]
columns:
  scope: cost_centre, or all for budgets of the whole organisation.
  cost_centre: The cost centre; null for projects without one, and where the scope is all.
  currency: The currency of the cost; the reporting currency where a rate says so and no budget of the month is in its own.
  usage_date: The UTC day.
  cost: How much; null where none of the usage is priced.
  has_unpriced_usage: Whether there was usage that no price applies to.
*/
with budgets as (
  select distinct
    case when cost_centre is null then 'all' else 'cost_centre' end as scope,
    coalesce(cost_centre, '') as cost_centre_key,
    month,
    currency
  from workspace.budgets
),

by_cost_centre as (
  select
    cost_centre,
    usage_date,
    currency,
    reporting_currency,
    sum(total_cost) as cost,
    sum(total_cost_reporting) as cost_reporting,
    bool_or(has_unpriced_usage) as has_unpriced_usage
  from fct_cost_allocated_daily
  group by
    cost_centre,
    usage_date,
    currency,
    reporting_currency
),

scoped as (
  select
    'cost_centre' as scope,
    *
  from by_cost_centre

  union all by name

  select
    'all' as scope,
    null as cost_centre,
    usage_date,
    currency,
    reporting_currency,
    sum(cost) as cost,
    sum(cost_reporting) as cost_reporting,
    bool_or(has_unpriced_usage) as has_unpriced_usage
  from by_cost_centre
  where exists (
    select 1
    from budgets
    where budgets.scope = 'all'
  )
  group by
    usage_date,
    currency,
    reporting_currency
),

-- A cost counts in its own currency where that is budgeted, or nothing says what it is in the reporting one.
counted as (
  select
    scoped.scope,
    scoped.cost_centre,
    scoped.usage_date,
    scoped.has_unpriced_usage,
    scoped.cost is not null and scoped.cost_reporting is not null and budgets.currency is null as is_converted,
    scoped.cost,
    scoped.cost_reporting,
    scoped.currency,
    scoped.reporting_currency
  from scoped
  left join budgets
    on scoped.scope = budgets.scope
    and coalesce(scoped.cost_centre, '') = budgets.cost_centre_key
    and date_trunc('month', scoped.usage_date)::date = budgets.month
    and scoped.currency = budgets.currency
),

final as (
  select
    scope,
    cost_centre,
    case when is_converted then reporting_currency else currency end as currency,
    usage_date,
    sum(case when is_converted then cost_reporting else cost end)::decimal(38, 10) as cost,
    bool_or(has_unpriced_usage) as has_unpriced_usage
  from counted
  group by all
)

select
  scope,
  cost_centre,
  currency,
  usage_date,
  cost,
  has_unpriced_usage
from final
