/*
description: On each day and in each currency, what all projects bear is the cost of all usage and of all unused reservations, to the last place.
severity: error
incremental: {by: usage_date, follows: [fct_cost_daily, fct_reservation_daily, fct_cost_allocated_daily]}
*/
with both_sides as (
  select
    usage_date,
    currency,
    cost as whole,
    null as parts
  from fct_cost_daily

  union all

  select
    usage_date,
    currency,
    unused_cost,
    null
  from fct_reservation_daily
  where is_contract_price

  union all

  select
    usage_date,
    currency,
    null,
    total_cost
  from fct_cost_allocated_daily
),

final as (
  select
    usage_date,
    currency,
    sum(whole)::decimal(38, 10) as whole,
    sum(parts)::decimal(38, 10) as parts
  from both_sides
  group by
    usage_date,
    currency
  having coalesce(sum(whole), 0) <> coalesce(sum(parts), 0)
)

select
  usage_date,
  currency,
  whole,
  parts
from final
