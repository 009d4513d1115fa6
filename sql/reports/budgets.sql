/*
description: >-
  What the period came to by cost centre beside its budget, and what the month that runs is forecast to come to, where
  there is a budget or a cost.
grain: [scope, cost_centre, month, currency]
columns:
  scope: cost_centre, or all for a budget of the whole organisation.
  cost_centre: The cost centre; null for projects without one, and where the scope is all.
  month: The month, by its first day.
  currency: The currency of budget and cost.
  budget: The budget; null where there is none.
  actual: What is known of the cost so far; null where nothing is.
  forecast: What the month will come to; what it came to where it is over.
  remaining: Budget less actual; below 0 where it is overspent.
  forecast_remaining: Budget less forecast.
  used_share: Actual over budget.
  status: no_budget, upcoming, over, at_risk, on_track, within or unknown.
  message: What the figures do not tell, in words.
*/
-- Parameters: $period_start, $today.

with final as (
  select
    scope,
    cost_centre,
    month,
    currency,
    budget,
    actual,
    forecast,
    remaining,
    forecast_remaining,
    used_share,
    status,
    message
  from fct_budget_status
  where (
    month = date_trunc('month', cast($period_start as date))
    or month = date_trunc('month', cast($today as date))
  )
)

select
  scope,
  cost_centre,
  month,
  currency,
  budget,
  actual,
  forecast,
  remaining,
  forecast_remaining,
  used_share,
  status,
  message
from final
order by
  month,
  case scope when 'all' then 0 else 1 end,
  currency = (select currency from meta_build) desc,
  currency,
  budget desc nulls last,
  actual desc nulls last,
  cost_centre nulls last
