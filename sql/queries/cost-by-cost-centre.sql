/*
description: Cost by cost centre and month, with shared cost where tally.toml shares it.
*/
select
  date_trunc('month', usage_date)::date as month,
  cost_centre,
  currency,
  sum(total_cost) as cost
from fct_cost_allocated_daily
group by all
order by
  month,
  cost desc nulls last,
  cost_centre
