/*
description: >-
  How the budget of the month is used up by day, in the reporting currency - the budget of the whole organisation, or of
  all cost centres that have one. Days to come are forecast.
grain: [usage_date]
columns:
  usage_date: The UTC day.
  is_forecast: Whether the day's cost is forecast, in whole or in part.
  cost: The cost of the day; null where something of it is neither known nor forecast.
  cost_to_date: The same of the month up to and with the day; null likewise.
  budget: The budget of the month.
  currency: The currency of the amounts.
*/
-- Parameters: $period_start.

with of_month as (
  select
    scope,
    usage_date,
    is_forecast,
    cost,
    cost_to_date,
    budget,
    currency
  from fct_budget_burn_down
  where month = date_trunc('month', cast($period_start as date))
    and currency = (select currency from meta_build)
),

-- A budget of the whole holds those of its cost centres.
chosen as (
  select
    usage_date,
    is_forecast,
    cost,
    cost_to_date,
    budget,
    currency
  from of_month
  where scope = 'all'
    or not exists (from of_month where scope = 'all')
),

final as (
  select
    usage_date,
    bool_or(is_forecast) as is_forecast,
    case when count(*) = count(cost) then sum(cost) end::decimal(38, 10) as cost,
    case when count(*) = count(cost_to_date) then sum(cost_to_date) end::decimal(38, 10) as cost_to_date,
    sum(budget)::decimal(38, 10) as budget,
    min(currency) as currency
  from chosen
  group by usage_date
)

select
  usage_date,
  is_forecast,
  cost,
  cost_to_date,
  budget,
  currency
from final
order by usage_date
