/*
description: Each budget's month - actual, forecast and what is left. The month is this one where none is given.
params:
  month: ""
*/
select
  cost_centre,
  currency,
  budget,
  actual,
  forecast,
  forecast_remaining,
  status
from fct_budget_status
where month = date_trunc('month', coalesce(nullif($month, '')::date, (select today from meta_build)))
order by
  cost_centre,
  currency
