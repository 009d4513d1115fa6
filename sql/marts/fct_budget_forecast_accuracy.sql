/*
description: What the forecast of fct_budget_status would have said on three days of each of the six months before this one, beside what they came to and what the naive forecast would have said. Only months of which every day was read whole.
grain: [scope, cost_centre, currency, as_of_date]
columns:
  scope: cost_centre, or all for the whole organisation.
  cost_centre: The cost centre; null for projects without one, and where the scope is all.
  currency: The currency of the cost.
  month: The month that is forecast, by its first day.
  as_of_date: The day on which it would have been forecast, without that day itself.
  forecast: What the forecast would have said.
  naive_forecast: The mean of the month's days so far, times the days of the month.
  actual: What the month came to.
  error: Forecast less actual.
  naive_error: The same of the naive forecast.
tests:
  - not_null: [scope, currency, month, as_of_date, forecast, naive_forecast, actual]
*/
with judged as (
  select
    scope,
    cost_centre,
    currency,
    date_trunc('month', as_of_date)::date as month,
    as_of_date,
    sum(forecast_cost) as forecast,
    (sum(case when usage_date < as_of_date then coalesce(cost, 0) else 0 end) * 10000000000::decimal(11, 0))::hugeint
      as units_to_date,
    as_of_date - date_trunc('month', as_of_date)::date as days_to_date,
    count(*) as days_in_month,
    sum(coalesce(cost, 0)) as actual
  from int_budget_forecast_daily
  where as_of_date < (select date_trunc('month', today)::date from meta.build)
  group by
    scope,
    cost_centre,
    currency,
    as_of_date
  having count(forecast_cost) = count(*)
),

whole as (
  select judged.*
  from judged
  left join int_budget_missing_days as missing
    on judged.scope = missing.scope
    and coalesce(judged.cost_centre, '') = coalesce(missing.cost_centre, '')
    and judged.month = date_trunc('month', missing.usage_date)::date
  where missing.usage_date is null
),

final as (
  select
    scope,
    cost_centre,
    currency,
    month,
    as_of_date,
    forecast::decimal(38, 10) as forecast,
    (
      ((units_to_date * days_in_month * 2 + days_to_date) // (days_to_date * 2))::decimal(28, 0)
      * 0.0000000001::decimal(10, 10)
    )::decimal(38, 10) as naive_forecast,
    actual::decimal(38, 10) as actual
  from whole
)

select
  scope,
  cost_centre,
  currency,
  month,
  as_of_date,
  forecast,
  naive_forecast,
  actual,
  (forecast - actual)::decimal(38, 10) as error,
  (naive_forecast - actual)::decimal(38, 10) as naive_error
from final
