/*
description: What an hour of each resource costs at today's prices, also of a reservation that is gone. A resource without a price has no row.
grain: [resource_kind, resource_id]
columns:
  resource_kind: disk, snapshot, vm, reservation or smaller_vm.
  resource_id: The resource.
  hourly_units: Units of the metric in an hour of the resource; of a reservation, in an hour of one of its GPUs.
  units_divisor: What hourly_units is to be divided by.
  billable_metric: The metric that is priced.
  unit_price: The price of one unit.
  currency: Its currency.
  source_line: The line of prices.csv.
*/
with final as (
  select
    keys.resource_kind,
    keys.resource_id,
    keys.hourly_units,
    keys.units_divisor,
    keys.billable_metric,
    prices.unit_price,
    prices.currency,
    prices.source_line
  from int_resource_price_keys as keys
  cross join meta.build as build
  inner join int_prices_in_force as prices
    on keys.project_key = prices.project_key
    and keys.region_key = prices.region_key
    and keys.resource_type_key = prices.resource_type_key
    and keys.billable_metric = prices.metric_key
    and keys.reservation_key = prices.reservation_key
    and prices.starts_on <= build.today
    and prices.ends_before > build.today
  where keys.hourly_units is not null
    and prices.unit_price is not null
  qualify row_number() over (
    partition by keys.resource_kind, keys.resource_id
    order by keys.preference
  ) = 1
)

select
  resource_kind,
  resource_id,
  hourly_units,
  units_divisor,
  billable_metric,
  unit_price,
  currency,
  source_line
from final
