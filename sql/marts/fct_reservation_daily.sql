/*
description: What each reservation held, what was drawn from it and what that cost, for every day of its contract up to yesterday. Empty where the account has none or may not see them.
grain: [reservation_id, usage_date]
incremental: {by: usage_date, follows: [int_reservation_daily, fct_gpu_hours_daily]}
columns:
  organization_id: The organisation.
  reservation_id: The reservation.
  usage_date: The UTC day.
  product_line: What is reserved, as the API said for that day.
  gpu_type: The type of the reserved GPUs.
  is_read_whole: Whether the usage of every project was read whole for that day; where not, nothing that rests on use is told.
  reserved_gpu_hours: The GPUs reserved on that day times 24.
  used_gpu_hours: The GPU-hours drawn from it, also those beyond what is reserved.
  unused_gpu_hours: Reserved GPU-hours that nobody drew; never below 0.
  overage_gpu_hours: GPU-hours drawn beyond what is reserved.
  utilisation: Used GPU-hours over reserved ones; above 1 where more was drawn than is reserved.
  coverage: Of all GPU-hours of that GPU type in the organisation on that day, the share drawn from its reservations.
  on_demand_gpu_hours: GPU-hours of that GPU type in the organisation on that day that no reservation held.
  unit_price: The price of one reserved GPU-hour by prices.csv, rounded to 10 places; null where none is in force.
  is_contract_price: Whether the line that sets the price names this reservation; otherwise it is the price of any such usage.
  committed_cost: Reserved GPU-hours at that price, rounded once, half up, to 10 places; owed whether used or not.
  used_cost: What of it fell on GPU-hours that were used, rounded likewise.
  unused_cost: The rest of it.
  overage_cost: What the GPU-hours beyond what is reserved come to at the same price, which is beside the committed cost.
  effective_rate: Committed cost over the reserved GPU-hours that were used; null where none was.
  on_demand_unit_price: The list price of one GPU-hour of the same usage, rounded to 10 places; null where there is none in the same currency.
  break_even_utilisation: The share of use above which the reservation is cheaper than the list price; null without the reservation's own price.
  savings: What the reserved GPU-hours that were used would have cost at the list price, less the committed cost; null without the reservation's own price.
  currency: The currency of the price; where unpriced, the one that prices are in by default.
  price_source: What the prices are called, and the line that set the price; null where unpriced.
tests:
  - not_null: [reservation_id, usage_date, is_read_whole, currency]
  - range: {column: reserved_gpu_hours, min: 0}
    severity: warn
  - range: {column: unused_gpu_hours, min: 0}
  - range: {column: coverage, min: 0, max: 1}
    severity: warn
  - range: {column: unused_cost, min: 0}
*/
with gpu_hours_by_type as (
  select
    organization_id,
    usage_date,
    gpu_type,
    sum(case when is_reserved then gpu_hours else 0 end) as reserved_gpu_hours,
    sum(case when is_reserved then 0 else gpu_hours end) as on_demand_gpu_hours
  from fct_gpu_hours_daily
  group by
    organization_id,
    usage_date,
    gpu_type
),

days as (
  select
    *,
    -- least() would pass over what is not known.
    case
      when used_gpu_hours > reserved_gpu_hours then reserved_gpu_hours
      when used_gpu_hours <= reserved_gpu_hours then used_gpu_hours
    end as drawn_gpu_hours
  from int_reservation_daily
),

priced as (
  select
    days.organization_id,
    days.reservation_id,
    days.usage_date,
    days.product_line,
    days.gpu_type,
    days.is_read_whole,
    days.reserved_gpu_hours,
    days.used_gpu_hours,
    days.drawn_gpu_hours,
    case when days.is_read_whole then coalesce(by_type.reserved_gpu_hours, 0) end as type_reserved_gpu_hours,
    case when days.is_read_whole then coalesce(by_type.on_demand_gpu_hours, 0) end as on_demand_gpu_hours,
    prices.is_contract_price,
    prices.currency,
    prices.source_line,
    prices.gpus_per_unit,
    -- Amounts are computed by integers: a price by the instance is divided by its GPUs, and `/` is DOUBLE.
    (days.reserved_gpu_hours * 1000000000000::decimal(13, 0))::hugeint as reserved_trillionths,
    (days.drawn_gpu_hours * 1000000000000::decimal(13, 0))::hugeint as drawn_trillionths,
    ((days.used_gpu_hours - days.drawn_gpu_hours) * 1000000000000::decimal(13, 0))::hugeint as overage_trillionths,
    (prices.unit_price * 100000000::decimal(9, 0))::hugeint as price,
    (prices.list_unit_price * 100000000::decimal(9, 0))::hugeint as list_price
  from days
  left join gpu_hours_by_type as by_type
    on days.organization_id = by_type.organization_id
    and days.usage_date = by_type.usage_date
    and days.gpu_type = by_type.gpu_type
  left join int_reservation_prices as prices
    on days.reservation_id = prices.reservation_id
    and days.usage_date >= prices.starts_on
    and days.usage_date < prices.ends_before
),

costed as (
  select
    *,
    ((price * 200 + gpus_per_unit) // (gpus_per_unit * 2))::decimal(28, 0) as unit_price,
    ((list_price * 200 + gpus_per_unit) // (gpus_per_unit * 2))::decimal(28, 0) as on_demand_unit_price,
    (
      (reserved_trillionths * price * 2 + gpus_per_unit * 10000000000::hugeint)
      // (gpus_per_unit * 20000000000::hugeint)
    ) as committed_cost,
    (
      (drawn_trillionths * price * 2 + gpus_per_unit * 10000000000::hugeint)
      // (gpus_per_unit * 20000000000::hugeint)
    ) as used_cost,
    (
      (overage_trillionths * price * 2 + gpus_per_unit * 10000000000::hugeint)
      // (gpus_per_unit * 20000000000::hugeint)
    ) as overage_cost,
    (
      (drawn_trillionths * list_price * 2 + gpus_per_unit * 10000000000::hugeint)
      // (gpus_per_unit * 20000000000::hugeint)
    ) as on_demand_cost
  from priced
),

final as (
  select
    costed.organization_id,
    costed.reservation_id,
    costed.usage_date,
    costed.product_line,
    costed.gpu_type,
    costed.is_read_whole,
    costed.reserved_gpu_hours,
    costed.used_gpu_hours,
    (costed.reserved_gpu_hours - costed.drawn_gpu_hours)::decimal(38, 12) as unused_gpu_hours,
    (costed.used_gpu_hours - costed.drawn_gpu_hours)::decimal(38, 12) as overage_gpu_hours,
    costed.used_gpu_hours / nullif(costed.reserved_gpu_hours, 0) as utilisation,
    costed.type_reserved_gpu_hours / nullif(costed.type_reserved_gpu_hours + costed.on_demand_gpu_hours, 0) as coverage,
    costed.on_demand_gpu_hours::decimal(38, 12) as on_demand_gpu_hours,
    (costed.unit_price * 0.0000000001::decimal(10, 10))::decimal(38, 10) as unit_price,
    costed.is_contract_price,
    (costed.committed_cost::decimal(28, 0) * 0.0000000001::decimal(10, 10))::decimal(38, 10) as committed_cost,
    (costed.used_cost::decimal(28, 0) * 0.0000000001::decimal(10, 10))::decimal(38, 10) as used_cost,
    ((costed.committed_cost - costed.used_cost)::decimal(28, 0) * 0.0000000001::decimal(10, 10))::decimal(38, 10)
      as unused_cost,
    (costed.overage_cost::decimal(28, 0) * 0.0000000001::decimal(10, 10))::decimal(38, 10) as overage_cost,
    (
      (
        (costed.committed_cost * 2000000000000::hugeint + costed.drawn_trillionths)
        // nullif(costed.drawn_trillionths * 2, 0)
      )::decimal(28, 0) * 0.0000000001::decimal(10, 10)
    )::decimal(38, 10) as effective_rate,
    (costed.on_demand_unit_price * 0.0000000001::decimal(10, 10))::decimal(38, 10) as on_demand_unit_price,
    case when costed.is_contract_price then costed.price / nullif(costed.list_price, 0) end as break_even_utilisation,
    case
      when costed.is_contract_price
        then (costed.on_demand_cost - costed.committed_cost)::decimal(28, 0) * 0.0000000001::decimal(10, 10)
    end::decimal(38, 10) as savings,
    coalesce(costed.currency, build.currency) as currency,
    case when costed.source_line is not null then build.price_label || ':' || costed.source_line end as price_source
  from costed
  cross join meta.build as build
)

select
  organization_id,
  reservation_id,
  usage_date,
  product_line,
  gpu_type,
  is_read_whole,
  reserved_gpu_hours,
  used_gpu_hours,
  unused_gpu_hours,
  overage_gpu_hours,
  utilisation,
  coverage,
  on_demand_gpu_hours,
  unit_price,
  is_contract_price,
  committed_cost,
  used_cost,
  unused_cost,
  overage_cost,
  effective_rate,
  on_demand_unit_price,
  break_even_utilisation,
  savings,
  currency,
  price_source
from final
