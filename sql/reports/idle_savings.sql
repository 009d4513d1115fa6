/*
description: What idle resources came to by month and currency, found, mended and still standing, since tally looks for them.
grain: [month_start, currency]
columns:
  month_start: The first day of the month.
  currency: The currency of the amounts; null for findings without a price.
  found_count: Findings that were new in the month.
  found_monthly_waste: What those waste in a month, each cost counted once; null without a price.
  resolved_count: Findings that were mended in it.
  saved_per_month: What those had wasted in a month.
  standing_count: Findings that stood at the month's end, or stand now.
  standing_monthly_waste: What those waste in a month.
  saved_per_month_to_date: What all that was mended up to the month's end had wasted in a month.
*/
-- Parameters: $period_end (exclusive).

with final as (
  select
    month_start,
    currency,
    sum(found_count)::integer as found_count,
    sum(found_monthly_waste)::decimal(38, 10) as found_monthly_waste,
    sum(resolved_count)::integer as resolved_count,
    sum(saved_per_month)::decimal(38, 10) as saved_per_month,
    sum(standing_count)::integer as standing_count,
    sum(standing_monthly_waste)::decimal(38, 10) as standing_monthly_waste,
    sum(saved_per_month_to_date)::decimal(38, 10) as saved_per_month_to_date
  from fct_idle_history
  where month_start < cast($period_end as date)
  group by
    month_start,
    currency
)

select
  month_start,
  currency,
  found_count,
  found_monthly_waste,
  resolved_count,
  saved_per_month,
  standing_count,
  standing_monthly_waste,
  saved_per_month_to_date
from final
order by
  month_start,
  currency nulls last
