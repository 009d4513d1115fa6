/*
description: Every cost can be told in the reporting currency. exchange-rates.csv lacks a rate for the rows shown.
severity: warn
*/
select
  currency,
  first_usage_date,
  last_usage_date,
  cost,
  rate_line
from fct_unconverted_cost
