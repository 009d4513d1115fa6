/*
description: The price in force over time of what each reservation holds, and the list price beside it.
grain: [reservation_id, starts_on]
columns:
  reservation_id: The reservation.
  starts_on: The first day of the stretch.
  ends_before: The day after its last.
  unit_price: The price of one unit by the most specific row that matches.
  gpus_per_unit: How many GPU-hours one unit is; 1 where the price is by the GPU-hour.
  is_contract_price: Whether that row names the reservation.
  currency: Its currency.
  source_line: The line of prices.csv.
  list_unit_price: The list price of the same unit; null where there is none in the same currency.
*/
with candidates as (
  select
    keys.resource_id as reservation_id,
    keys.preference,
    keys.units_divisor as gpus_per_unit,
    prices.starts_on,
    prices.ends_before,
    prices.unit_price,
    prices.currency,
    prices.source_line,
    case when prices.list_currency = prices.currency then prices.list_unit_price end as list_unit_price
  from int_resource_price_keys as keys
  inner join int_prices_in_force as prices
    on keys.project_key = prices.project_key
    and keys.region_key = prices.region_key
    and keys.resource_type_key = prices.resource_type_key
    and keys.billable_metric = prices.metric_key
    and keys.reservation_key = prices.reservation_key
  where keys.resource_kind = 'reservation'
),

changes as (
  select
    reservation_id,
    starts_on
  from candidates

  union

  select
    reservation_id,
    ends_before
  from candidates
),

stretches as (
  select
    reservation_id,
    starts_on,
    lead(starts_on) over (partition by reservation_id order by starts_on) as ends_before
  from changes
),

final as (
  select
    stretches.reservation_id,
    stretches.starts_on,
    stretches.ends_before,
    candidates.unit_price,
    candidates.gpus_per_unit::hugeint as gpus_per_unit,
    prices.reservation_id is not null as is_contract_price,
    candidates.currency,
    candidates.source_line,
    candidates.list_unit_price
  from stretches
  inner join candidates
    on stretches.reservation_id = candidates.reservation_id
    and candidates.starts_on <= stretches.starts_on
    and candidates.ends_before >= stretches.ends_before
  inner join stg_prices as prices
    on candidates.source_line = prices.source_line
  qualify row_number() over (
    partition by stretches.reservation_id, stretches.starts_on
    order by candidates.preference
  ) = 1
)

select
  reservation_id,
  starts_on,
  ends_before,
  unit_price,
  gpus_per_unit,
  is_contract_price,
  currency,
  source_line,
  list_unit_price
from final
