/*
description: The projects that cost most in a month, with whether something of it is not priced. The month is the last whole one where none is given.
params:
  month: ""
*/
select
  project_name,
  currency,
  sum(cost) as cost,
  sum(gpu_hours) as gpu_hours,
  bool_or(cost is null) as has_unpriced_usage
from fct_cost_daily
where date_trunc('month', usage_date) = date_trunc('month', coalesce(nullif($month, '')::date, (select today - interval 1 month from meta_build)))
group by all
order by
  cost desc nulls last,
  project_name
limit 20
