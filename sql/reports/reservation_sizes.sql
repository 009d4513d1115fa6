/*
description: >-
  What each product line cost over the last 90 days that were read whole, and the size and kind of reservation that
  would have cost least.
grain: [organization_id, product_line, currency]
columns:
  organization_id: The organisation.
  product_line: The product line.
  gpu_type: The type of its GPUs.
  first_date: The first of the days.
  last_date: The last of them.
  read_days: How many they are.
  current_gpus: How many GPUs are reserved now; null where no row says so.
  cheapest_gpus: How many would have been cheapest.
  cheapest_utilisation: The share of these that would have been used.
  cheapest_unit_price: The price of one reserved GPU-hour that is assumed.
  actual_cost: What was paid for on-demand use and owed for reservations; null unless all is priced.
  cheapest_cost: What the cheapest would have come to.
  saving: Actual less cheapest cost; below 0 where the scenario costs more.
  currency: The currency of the amounts.
*/

with current_sizes as (
  select
    organization_id,
    product_line,
    currency,
    max(reserved_gpus) as reserved_gpus
  from fct_reservation_scenarios
  where list_contains(string_split(size_basis, ', '), 'current')
  group by
    organization_id,
    product_line,
    currency
),

final as (
  select
    cheapest.organization_id,
    cheapest.product_line,
    cheapest.gpu_type,
    cheapest.first_date,
    cheapest.last_date,
    cheapest.read_days,
    current_sizes.reserved_gpus as current_gpus,
    cheapest.reserved_gpus as cheapest_gpus,
    cheapest.utilisation as cheapest_utilisation,
    cheapest.unit_price as cheapest_unit_price,
    cheapest.actual_cost,
    cheapest.total_cost as cheapest_cost,
    (cheapest.actual_cost - cheapest.total_cost)::decimal(38, 10) as saving,
    cheapest.currency
  from fct_reservation_scenarios as cheapest
  left join current_sizes
    on current_sizes.organization_id = cheapest.organization_id
    and current_sizes.product_line = cheapest.product_line
    and current_sizes.currency = cheapest.currency
  where cheapest.is_cheapest
  qualify row_number() over (
    partition by cheapest.organization_id, cheapest.product_line, cheapest.currency
    order by cheapest.reserved_gpus, cheapest.price_source nulls first
  ) = 1
)

select
  organization_id,
  product_line,
  gpu_type,
  first_date,
  last_date,
  read_days,
  current_gpus,
  cheapest_gpus,
  cheapest_utilisation,
  cheapest_unit_price,
  actual_cost,
  cheapest_cost,
  saving,
  currency
from final
order by
  saving desc nulls last,
  organization_id,
  product_line,
  currency
