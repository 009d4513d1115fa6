/*
description: What each idle rule found and what was saved, by month and currency, from the month of its first finding on.
grain: [month_start, rule_id, currency]
columns:
  month_start: The first day of the month, UTC.
  rule_id: The rule.
  rule_title: What the rule finds; its id where tally has it no more.
  currency: The currency of the amounts; null for findings without a price.
  found_count: Resources found first in this month.
  found_monthly_waste: What those waste in a month, each cost counted once; null without a price.
  resolved_count: Findings of which it was seen in this month that they are mended.
  saved_per_month: What those had wasted in a month; null without a price.
  withdrawn_count: Findings that ended in this month though nothing was mended, since their rule or its settings changed or their project went out of sight.
  standing_count: Findings that stood at the month's end, or stand now.
  standing_monthly_waste: What those waste in a month; null without a price.
  saved_per_month_to_date: What all that was resolved up to the month's end had wasted in a month; null without a price.
tests:
  - not_null: [month_start, rule_id, rule_title, found_count, resolved_count, withdrawn_count, standing_count]
  - range: {column: saved_per_month, min: 0}
*/
with episodes as (
  select
    rule_id,
    currency,
    date_trunc('month', first_found_at)::date as found_month,
    date_trunc('month', closed_at)::date as closed_month,
    outcome,
    counted_monthly_waste,
    saved_per_month
  from fct_idle_episodes
),

months as (
  select
    episodes.rule_id,
    episodes.currency,
    unnest(
      generate_series(
        min(episodes.found_month),
        any_value(date_trunc('month', build.today)::date),
        interval 1 month
      )
    )::date as month_start
  from episodes
  cross join meta.build as build
  group by
    episodes.rule_id,
    episodes.currency
),

counted as (
  select
    months.month_start,
    months.rule_id,
    months.currency,
    count(*) filter (where episodes.found_month = months.month_start) as found_count,
    sum(episodes.counted_monthly_waste) filter (where episodes.found_month = months.month_start) as found_monthly_waste,
    count(*) filter (where episodes.closed_month = months.month_start and episodes.outcome = 'resolved')
      as resolved_count,
    sum(episodes.saved_per_month) filter (where episodes.closed_month = months.month_start) as saved_per_month,
    count(*) filter (where episodes.closed_month = months.month_start and episodes.outcome = 'withdrawn')
      as withdrawn_count,
    count(*) filter (where episodes.closed_month is null or episodes.closed_month > months.month_start)
      as standing_count,
    sum(episodes.counted_monthly_waste) filter (
      where episodes.closed_month is null or episodes.closed_month > months.month_start
    ) as standing_monthly_waste,
    sum(episodes.saved_per_month) filter (where episodes.closed_month <= months.month_start) as saved_to_date
  from months
  inner join episodes
    on months.rule_id = episodes.rule_id
    and months.currency is not distinct from episodes.currency
    and months.month_start >= episodes.found_month
  group by
    months.month_start,
    months.rule_id,
    months.currency
),

final as (
  select
    counted.month_start,
    counted.rule_id,
    coalesce(rules.title, counted.rule_id) as rule_title,
    counted.currency,
    counted.found_count::integer as found_count,
    case when counted.currency is not null then coalesce(counted.found_monthly_waste, 0) end::decimal(38, 10)
      as found_monthly_waste,
    counted.resolved_count::integer as resolved_count,
    case when counted.currency is not null then coalesce(counted.saved_per_month, 0) end::decimal(38, 10)
      as saved_per_month,
    counted.withdrawn_count::integer as withdrawn_count,
    counted.standing_count::integer as standing_count,
    case when counted.currency is not null then coalesce(counted.standing_monthly_waste, 0) end::decimal(38, 10)
      as standing_monthly_waste,
    case when counted.currency is not null then coalesce(counted.saved_to_date, 0) end::decimal(38, 10)
      as saved_per_month_to_date
  from counted
  left join int_idle_rules as rules
    on counted.rule_id = rules.rule_id
)

select
  month_start,
  rule_id,
  rule_title,
  currency,
  found_count,
  found_monthly_waste,
  resolved_count,
  saved_per_month,
  withdrawn_count,
  standing_count,
  standing_monthly_waste,
  saved_per_month_to_date
from final
