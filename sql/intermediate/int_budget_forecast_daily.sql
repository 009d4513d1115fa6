/*
description: The cost of every day of a month as it was forecast on a day in it, from what was known by then - today, and for the back-test three days of each of the six months before.
grain: [as_of_date, scope, cost_centre, currency, usage_date]
columns:
  as_of_date: The day on which it is forecast; it and what follows is not known yet.
  scope: cost_centre, or all for the whole organisation.
  cost_centre: The cost centre; null for projects without one, and where the scope is all.
  currency: The currency of the cost.
  usage_date: A day of the month.
  cost: What is known of its cost, whether by then or since; null where nothing is.
  is_known: Whether the day was over and read whole by then, so that its cost is what it was.
  expected_cost: The mean of the same weekday in the 28 days before, times how far the last 7 days lie from the means of theirs, to 6 places; by the days that were read whole, null without any.
  forecast_cost: The cost where it is known, else the greater of what is expected and, of a day that had begun by then, what was read.
*/
with dates as (
  select today as as_of_date
  from meta.build

  union

  select (date_trunc('month', build.today) - to_months(months.back) + to_days(days.past))::date
  from meta.build as build
  cross join range(1, 7) as months(back)
  cross join (values (7), (14), (21)) as days(past)
),

series as (
  select
    row_number() over (order by scope, cost_centre nulls first, currency) as series,
    scope,
    cost_centre,
    currency,
    min(usage_date) as first_date
  from int_budget_cost_daily
  where cost is not null
  group by
    scope,
    cost_centre,
    currency
),

-- The month that is forecast, and the 28 days before the day of the forecast that it rests on.
wanted as (
  select
    dates.as_of_date,
    series.*,
    unnest(
      generate_series(
        least(dates.as_of_date - 28, date_trunc('month', dates.as_of_date)::date),
        last_day(dates.as_of_date),
        interval 1 day
      )
    )::date as usage_date
  from dates
  inner join series
    on series.first_date < dates.as_of_date
),

days as (
  select
    wanted.*,
    costs.cost,
    wanted.usage_date < wanted.as_of_date and missing.usage_date is null as is_known
  from wanted
  left join int_budget_cost_daily as costs
    on wanted.scope = costs.scope
    and coalesce(wanted.cost_centre, '') = coalesce(costs.cost_centre, '')
    and wanted.currency = costs.currency
    and wanted.usage_date = costs.usage_date
  left join int_budget_missing_days as missing
    on wanted.scope = missing.scope
    and coalesce(wanted.cost_centre, '') = coalesce(missing.cost_centre, '')
    and wanted.usage_date = missing.usage_date
),

-- By integers of 10^-6, since a division would go through DOUBLE.
history as (
  select
    as_of_date,
    series,
    usage_date,
    dayofweek(usage_date) as weekday,
    round(coalesce(cost, 0) * 1000000::decimal(7, 0), 0)::hugeint as cost
  from days
  where is_known
    and usage_date >= as_of_date - 28
    and usage_date >= first_date
),

means_by_weekday as (
  select
    as_of_date,
    series,
    weekday,
    (sum(cost) * 2 + count(*)) // (count(*) * 2) as mean_cost
  from history
  group by
    as_of_date,
    series,
    weekday
),

means as (
  select
    as_of_date,
    series,
    (sum(cost) * 2 + count(*)) // (count(*) * 2) as mean_cost
  from history
  group by
    as_of_date,
    series
),

-- How far the last week lies from the usual of its weekdays.
last_weeks as (
  select
    history.as_of_date,
    history.series,
    sum(history.cost) as cost,
    sum(usual.mean_cost) as usual_cost
  from history
  inner join means_by_weekday as usual
    on history.as_of_date = usual.as_of_date
    and history.series = usual.series
    and history.weekday = usual.weekday
  where history.usage_date >= history.as_of_date - 7
  group by
    history.as_of_date,
    history.series
),

expected as (
  select
    days.as_of_date,
    days.scope,
    days.cost_centre,
    days.currency,
    days.usage_date,
    days.cost,
    days.is_known,
    coalesce(usual.mean_cost, means.mean_cost) as usual_cost,
    last_weeks.cost as last_week_cost,
    last_weeks.usual_cost as usual_last_week_cost
  from days
  left join means_by_weekday as usual
    on days.as_of_date = usual.as_of_date
    and days.series = usual.series
    and dayofweek(days.usage_date) = usual.weekday
  left join means
    on days.as_of_date = means.as_of_date
    and days.series = means.series
  left join last_weeks
    on days.as_of_date = last_weeks.as_of_date
    and days.series = last_weeks.series
  where days.usage_date >= date_trunc('month', days.as_of_date)::date
),

levelled as (
  select
    *,
    (
      case
        when last_week_cost is null or usual_last_week_cost = 0 then usual_cost
        else (usual_cost * last_week_cost * 2 + usual_last_week_cost) // (usual_last_week_cost * 2)
      end::decimal(28, 0) * 0.000001::decimal(6, 6)
    )::decimal(38, 10) as expected_cost
  from expected
),

final as (
  select
    levelled.as_of_date,
    levelled.scope,
    levelled.cost_centre,
    levelled.currency,
    levelled.usage_date,
    levelled.cost,
    levelled.is_known,
    levelled.expected_cost,
    case
      when levelled.is_known then coalesce(levelled.cost, 0)
      -- What was read of a day that had not ended is known today only; a back-test must not see it.
      when levelled.as_of_date = build.today or levelled.usage_date < levelled.as_of_date
        then greatest(levelled.expected_cost, levelled.cost)
      else levelled.expected_cost
    end::decimal(38, 10) as forecast_cost
  from levelled
  cross join meta.build as build
)

select
  as_of_date,
  scope,
  cost_centre,
  currency,
  usage_date,
  cost,
  is_known,
  expected_cost,
  forecast_cost
from final
