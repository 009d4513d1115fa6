/*
description: How each budget is used up, day by day to the month's end; days to come are forecast. For every month with a budget that has begun.
grain: [scope, cost_centre, currency, usage_date]
columns:
  scope: cost_centre, or all for a budget of the whole organisation.
  cost_centre: The cost centre; null where the scope is all.
  currency: The currency of budget and cost.
  usage_date: The UTC day.
  month: Its month, by the first day.
  budget: The budget of the month.
  is_forecast: Whether the day's cost is forecast, in whole or in part, since it is of the current month and not over or not read whole.
  cost: The cost of the day, known or forecast; null where neither is, also where none of its usage is priced.
  cost_to_date: The same of the month up to and with the day; null as long as nothing is known, and once a day of the current month has no forecast.
  remaining: Budget less cost to date.
  even_remaining: What would be left at the day's end if the budget were used up evenly, rounded half up to 10 places.
tests:
  - not_null: [scope, currency, usage_date, budget, is_forecast]
*/
with budgets as (
  select
    case when budgets.cost_centre is null then 'all' else 'cost_centre' end as scope,
    budgets.cost_centre,
    budgets.month,
    budgets.currency,
    budgets.amount as budget,
    budgets.month = date_trunc('month', build.today)::date as is_current,
    unnest(generate_series(budgets.month, last_day(budgets.month), interval 1 day))::date as usage_date
  from workspace.budgets as budgets
  cross join meta.build as build
  where budgets.month <= build.today
),

-- Of days before nothing is known.
history as (
  select min(usage_date) as first_date
  from int_usage_read_days
),

-- What never cost anything is expected to cost nothing.
priced as (
  select distinct
    scope,
    cost_centre,
    currency
  from int_budget_cost_daily
  where cost is not null
),

-- Of the current month only.
forecasts as (
  select days.*
  from int_budget_forecast_daily as days
  inner join meta.build as build
    on days.as_of_date = build.today
),

days as (
  select
    budgets.*,
    budgets.is_current
    and not coalesce(forecasts.is_known, budgets.usage_date < build.today and missing.usage_date is null) as is_forecast,
    case
      when costs.cost is null
        and costs.has_unpriced_usage
        and budgets.usage_date < build.today
        and missing.usage_date is null
        then null
      when forecasts.usage_date is not null then forecasts.forecast_cost
      when budgets.is_current and priced.scope is null and history.first_date < build.today then 0
      when budgets.usage_date >= build.today then costs.cost
      when missing.usage_date is null and budgets.usage_date >= history.first_date then coalesce(costs.cost, 0)
      else costs.cost
    end as cost
  from budgets
  cross join meta.build as build
  cross join history
  left join int_budget_cost_daily as costs
    on budgets.scope = costs.scope
    and coalesce(budgets.cost_centre, '') = coalesce(costs.cost_centre, '')
    and budgets.currency = costs.currency
    and budgets.usage_date = costs.usage_date
  left join int_budget_missing_days as missing
    on budgets.scope = missing.scope
    and coalesce(budgets.cost_centre, '') = coalesce(missing.cost_centre, '')
    and budgets.usage_date = missing.usage_date
  left join priced
    on budgets.scope = priced.scope
    and coalesce(budgets.cost_centre, '') = coalesce(priced.cost_centre, '')
    and budgets.currency = priced.currency
  left join forecasts
    on budgets.scope = forecasts.scope
    and coalesce(budgets.cost_centre, '') = coalesce(forecasts.cost_centre, '')
    and budgets.currency = forecasts.currency
    and budgets.usage_date = forecasts.usage_date
),

summed as (
  select
    *,
    case
      when count(*) filter (where is_forecast and cost is null) over to_date = 0 then sum(cost) over to_date
    end as cost_to_date
  from days
  window to_date as (
    partition by scope, cost_centre, currency, month
    order by usage_date
    rows between unbounded preceding and current row
  )
),

final as (
  select
    scope,
    cost_centre,
    currency,
    usage_date,
    month,
    budget::decimal(38, 10) as budget,
    is_forecast,
    cost::decimal(38, 10) as cost,
    cost_to_date::decimal(38, 10) as cost_to_date,
    (budget - cost_to_date)::decimal(38, 10) as remaining,
    -- By integers, since `/` is DOUBLE.
    (
      (
        ((budget * 10000000000::decimal(11, 0))::hugeint * (last_day(month) - usage_date) * 2 + day(last_day(month)))
        // (day(last_day(month)) * 2)
      )::decimal(28, 0) * 0.0000000001::decimal(10, 10)
    )::decimal(38, 10) as even_remaining
  from summed
)

select
  scope,
  cost_centre,
  currency,
  usage_date,
  month,
  budget,
  is_forecast,
  cost,
  cost_to_date,
  remaining,
  even_remaining
from final
