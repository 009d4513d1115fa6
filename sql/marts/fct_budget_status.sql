/*
description: Each cost centre's month beside its budget - what it came to, what is forecast to its end, and what is left. Shared costs are in it where tally.toml shares them.
grain: [scope, cost_centre, month, currency]
columns:
  scope: cost_centre, or all for a budget of the whole organisation.
  cost_centre: The cost centre; null for projects without one, and where the scope is all.
  month: The month, by its first day.
  currency: The currency of budget and cost.
  budget: The budget; null where budgets.csv has none.
  actual: What is known of the cost so far; null where nothing is.
  forecast: What the month will come to; what it came to where it is over, null before it begins and with too little history. What never cost anything is expected to cost nothing.
  remaining: Budget less actual; below 0 where it is overspent.
  forecast_remaining: Budget less forecast.
  used_share: Actual over budget.
  status: no_budget; upcoming; over where actual is above the budget; at_risk where only the forecast is; else on_track, or within where the month is over; unknown where nothing is known.
  days_in_month: How many days the month has.
  days_elapsed: How many of them are over.
  missing_days: How many of these were not read whole, since the first day that was read.
  has_unpriced_usage: Whether usage of the month has no price, so that the cost is more than is known.
  message: What the figures do not tell, in words; null where there is nothing to say.
tests:
  - not_null: [scope, month, currency, status]
  - accepted_values:
      column: status
      values: [no_budget, upcoming, over, at_risk, on_track, within, unknown]
*/
with budgets as (
  select
    case when cost_centre is null then 'all' else 'cost_centre' end as scope,
    cost_centre,
    month,
    currency,
    amount as budget
  from workspace.budgets
),

costs as (
  select
    scope,
    cost_centre,
    date_trunc('month', usage_date)::date as month,
    currency,
    sum(cost) as actual,
    bool_or(has_unpriced_usage) as has_unpriced_usage
  from int_budget_cost_daily
  group by all
),

forecasts as (
  select
    days.scope,
    days.cost_centre,
    date_trunc('month', days.as_of_date)::date as month,
    days.currency,
    case when count(days.forecast_cost) = count(*) then sum(days.forecast_cost) end as forecast
  from int_budget_forecast_daily as days
  inner join meta.build as build
    on days.as_of_date = build.today
  group by all
),

months as (
  select
    scope,
    cost_centre,
    month,
    currency
  from budgets

  union

  select
    scope,
    cost_centre,
    month,
    currency
  from costs

  union

  select
    scope,
    cost_centre,
    month,
    currency
  from forecasts
),

missing as (
  select
    scope,
    cost_centre,
    date_trunc('month', usage_date)::date as month,
    count(*) as missing_days
  from int_budget_missing_days
  group by all
),

-- The past days of each month since the first that was read: unless one of them was read whole, no cost is not 0.
past_days as (
  select
    date_trunc('month', usage_date)::date as month,
    count(*) as day_count
  from (
    select unnest(generate_series(min(days.usage_date), build.today - 1, interval 1 day))::date as usage_date
    from int_usage_read_days as days
    cross join meta.build as build
    group by build.today
  )
  group by all
),

measured as (
  select
    months.scope,
    months.cost_centre,
    months.month,
    months.currency,
    budgets.budget,
    coalesce(
      costs.actual,
      case
        when not coalesce(costs.has_unpriced_usage, false)
          and past_days.day_count > coalesce(missing.missing_days, 0)
          then 0
      end
    )::decimal(38, 10) as actual,
    -- What never cost anything is expected to cost nothing.
    case
      when forecasts.scope is null and costs.actual is null and exists (from past_days) then 0
      when forecasts.forecast is not null then greatest(forecasts.forecast, costs.actual)
    end as forecast,
    day(last_day(months.month)) as days_in_month,
    greatest(0, least(day(last_day(months.month)), build.today - months.month))::integer as days_elapsed,
    coalesce(missing.missing_days, 0) as missing_days,
    coalesce(costs.has_unpriced_usage, false) as has_unpriced_usage,
    months.month = date_trunc('month', build.today)::date as is_current,
    months.month > build.today as is_to_come
  from months
  cross join meta.build as build
  left join budgets
    on months.scope = budgets.scope
    and coalesce(months.cost_centre, '') = coalesce(budgets.cost_centre, '')
    and months.month = budgets.month
    and months.currency = budgets.currency
  left join costs
    on months.scope = costs.scope
    and coalesce(months.cost_centre, '') = coalesce(costs.cost_centre, '')
    and months.month = costs.month
    and months.currency = costs.currency
  left join forecasts
    on months.scope = forecasts.scope
    and coalesce(months.cost_centre, '') = coalesce(forecasts.cost_centre, '')
    and months.month = forecasts.month
    and months.currency = forecasts.currency
  left join missing
    on months.scope = missing.scope
    and coalesce(months.cost_centre, '') = coalesce(missing.cost_centre, '')
    and months.month = missing.month
  left join past_days
    on months.month = past_days.month
),

forecast as (
  select
    * exclude (forecast),
    case
      when is_to_come then null
      when is_current then forecast
      else actual
    end::decimal(38, 10) as forecast
  from measured
),

final as (
  select
    scope,
    cost_centre,
    month,
    currency,
    budget::decimal(38, 10) as budget,
    actual,
    forecast,
    (budget - actual)::decimal(38, 10) as remaining,
    (budget - forecast)::decimal(38, 10) as forecast_remaining,
    actual / nullif(budget, 0) as used_share,
    case
      when budget is null then 'no_budget'
      when actual > budget then 'over'
      when is_to_come then 'upcoming'
      when forecast > budget then 'at_risk'
      when actual is null and forecast is null then 'unknown'
      when is_current then 'on_track'
      else 'within'
    end as status,
    days_in_month::integer as days_in_month,
    days_elapsed,
    missing_days::integer as missing_days,
    has_unpriced_usage,
    nullif(
      concat_ws(
        ' ',
        case
          when missing_days = 1 then '1 day was not read whole.'
          when missing_days > 1 then missing_days || ' days were not read whole.'
        end,
        case when has_unpriced_usage then 'Usage without a price is not in it.' end,
        case
          when is_current and actual is not null and forecast is null then 'There is too little history for a forecast.'
        end
      ),
      ''
    ) as message
  from forecast
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
  days_in_month,
  days_elapsed,
  missing_days,
  has_unpriced_usage,
  message
from final
