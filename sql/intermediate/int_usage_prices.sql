/*
description: The prices in force of each combination that usage has, over the days on which it was used.
grain: [project_key, region_key, resource_type_key, metric_key, reservation_key, used_from]
columns:
  project_key: The project; empty where there is none.
  region_key: The region in lower case; empty where there is none.
  resource_type_key: The type in lower case; empty where there is none.
  metric_key: The metric in its one spelling; empty where there is none.
  reservation_key: The reservation; empty on demand.
  used_from: The first day of use for which they are in force.
  used_to: The last.
  unit_price: The price of one unit, on demand or from the reservation; null where there is none.
  currency: Its currency.
  source_line: The line of prices.csv.
  spot_unit_price: The same for spot usage.
  spot_currency: Its currency.
  spot_source_line: The line of prices.csv.
  list_unit_price: The list price.
  list_currency: Its currency.
*/
with final as (
  select
    project_key,
    region_key,
    resource_type_key,
    metric_key,
    reservation_key,
    greatest(starts_on, used_from) as used_from,
    least(ends_before - 1, used_to) as used_to,
    unit_price,
    currency,
    source_line,
    spot_unit_price,
    spot_currency,
    spot_source_line,
    list_unit_price,
    list_currency
  from int_prices_in_force
  where starts_on <= used_to
    and ends_before > used_from
)

select
  project_key,
  region_key,
  resource_type_key,
  metric_key,
  reservation_key,
  used_from,
  used_to,
  unit_price,
  currency,
  source_line,
  spot_unit_price,
  spot_currency,
  spot_source_line,
  list_unit_price,
  list_currency
from final
