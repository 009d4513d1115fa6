/*
description: What other sizes and kinds of reservation would have cost over the last 90 days before today that were read whole, by product line; the commitment, and what lies beyond it on demand.
grain: [organization_id, product_line, price_source, reserved_gpus]
columns:
  organization_id: The organisation.
  product_line: The product line, which is the type's name without its size, in lower case.
  gpu_type: The type of its GPUs.
  price_source: What the prices are called, and the line of prices.csv whose price for a reservation is assumed; null without a reservation, and where no line names one.
  reserved_gpus: The size assumed, all the time.
  size_basis: Where the size comes from - none, current, max, or a percentile of the days' mean of GPUs in use, each rounded up to whole nodes.
  unit_price: The price of one reserved GPU-hour, rounded to 10 places.
  first_date: The first of the days.
  last_date: The last of them.
  read_days: How many they are; days that were not read whole are left out on both sides.
  node_gpus: GPUs of one node, by the largest type in use.
  used_gpu_hours: GPU-hours used on these days, reserved or not.
  committed_gpu_hours: GPU-hours that would have been reserved on them.
  covered_gpu_hours: How many of these would have been used, by the use of each day as a whole.
  overflow_gpu_hours: GPU-hours used beyond the reservation.
  utilisation: Covered GPU-hours over committed ones.
  committed_cost: What the reservation would have cost.
  overflow_cost: What lies beyond it, at the mean price of the day's GPU-hours on demand; reserved ones count at their list price.
  total_cost: Both; null unless all is priced in one currency.
  actual_cost: What was paid on these days for on-demand use and owed for reservations; null unless all is priced in one currency.
  difference_to_actual: Total less actual; below 0 where it would have been cheaper.
  currency: The currency of the amounts; where unpriced, the one that prices are in by default.
  is_cheapest: Whether no other size or kind of the product line costs less, in that currency.
  message: Why there is no total, in words; null where there is one.
tests:
  - not_null: [organization_id, product_line, reserved_gpus, size_basis, currency, is_cheapest]
  - range: {column: reserved_gpus, min: 0}
  - range: {column: utilisation, min: 0, max: 1}
*/
with ranked as (
  select
    *,
    (gpu_hours * 1000000000000::decimal(13, 0))::hugeint as trillionths,
    row_number() over (
      partition by organization_id, product_line
      order by gpu_hours, usage_date
    ) as place
  from int_product_line_days
),

lines as (
  select
    organization_id,
    product_line,
    max({'usage_date': usage_date, 'gpu_type': gpu_type}) filter (where gpu_type is not null).gpu_type as gpu_type,
    coalesce(max(node_gpus) filter (where node_gpus > 0), 1) as node_gpus,
    min(usage_date) as first_date,
    max(usage_date) as last_date,
    count(*) as day_count,
    sum(gpu_hours)::decimal(38, 12) as used_gpu_hours,
    case
      when bool_and(has_one_currency) and count(distinct currency) <= 1 and count(actual_cost) = count(*)
        then sum(actual_cost)
    end as actual_cost,
    bool_and(has_one_currency) and count(distinct currency) <= 1 as has_one_currency,
    min(currency) as currency
  from ranked
  group by
    organization_id,
    product_line
),

running as (
  select
    reservations.organization_id,
    lines.product_line,
    sum(reservations.reserved_gpus)::bigint as reserved_gpus
  from fct_reservation_status as reservations
  inner join int_product_lines as lines
    on lower(reservations.product_line) = lines.resource_type_key
  where reservations.status = 'running'
  group by
    reservations.organization_id,
    lines.product_line
),

-- The day at a percentile is the one at that place of all in the order of their use, counted upwards.
based_sizes as (
  select
    lines.organization_id,
    lines.product_line,
    bases.size_basis,
    bases.basis_order,
    (ranked.trillionths + lines.node_gpus * 24000000000000::hugeint - 1)
    // (lines.node_gpus * 24000000000000::hugeint) * lines.node_gpus as reserved_gpus
  from lines
  cross join (
    values
      ('p10', 10, 2),
      ('p25', 25, 3),
      ('p50', 50, 4),
      ('p75', 75, 5),
      ('p90', 90, 6),
      ('max', 100, 7)
  ) as bases(size_basis, percentile, basis_order)
  inner join ranked
    on lines.organization_id = ranked.organization_id
    and lines.product_line = ranked.product_line
    and ranked.place = (lines.day_count * bases.percentile + 99) // 100

  union all

  select
    organization_id,
    product_line,
    'none',
    0,
    0
  from lines

  union all

  select
    lines.organization_id,
    lines.product_line,
    'current',
    1,
    coalesce(running.reserved_gpus, 0)
  from lines
  left join running
    on lines.organization_id = running.organization_id
    and lines.product_line = running.product_line
),

sizes as (
  select
    organization_id,
    product_line,
    reserved_gpus,
    string_agg(size_basis, ', ' order by basis_order) as size_basis
  from based_sizes
  group by
    organization_id,
    product_line,
    reserved_gpus
),

days_by_size as (
  select
    sizes.organization_id,
    sizes.product_line,
    sizes.reserved_gpus,
    sizes.size_basis,
    ranked.trillionths,
    greatest(ranked.trillionths - sizes.reserved_gpus * 24000000000000::hugeint, 0) as overflow_trillionths,
    (ranked.on_demand_cost * 10000000000::decimal(11, 0))::hugeint as on_demand_cost
  from sizes
  inner join ranked
    on sizes.organization_id = ranked.organization_id
    and sizes.product_line = ranked.product_line
),

measured as (
  select
    organization_id,
    product_line,
    reserved_gpus,
    size_basis,
    sum(trillionths - overflow_trillionths)::decimal(38, 0) as covered_trillionths,
    sum(overflow_trillionths)::decimal(38, 0) as overflow_trillionths,
    count(*) filter (where overflow_trillionths > 0 and on_demand_cost is null) as unpriced_day_count,
    coalesce(
      sum((on_demand_cost * overflow_trillionths * 2 + trillionths) // (trillionths * 2)) filter (
        where overflow_trillionths > 0
      ),
      0
    )::hugeint as overflow_cost
  from days_by_size
  group by
    organization_id,
    product_line,
    reserved_gpus,
    size_basis
),

scenarios as (
  select
    measured.*,
    lines.* exclude (organization_id, product_line, currency),
    lines.currency as usage_currency,
    commitments.source_line,
    commitments.currency as commitment_currency,
    (
      (commitments.unit_price * 100000000::decimal(9, 0))::hugeint * 200 + commitments.gpus_per_unit
    ) // (commitments.gpus_per_unit * 2) as unit_price,
    case
      when measured.reserved_gpus = 0 then 0
      else (
        (commitments.unit_price * 100000000::decimal(9, 0))::hugeint * measured.reserved_gpus * lines.day_count * 4800
        + commitments.gpus_per_unit
      ) // (commitments.gpus_per_unit * 2)
    end as committed_cost
  from measured
  inner join lines
    on measured.organization_id = lines.organization_id
    and measured.product_line = lines.product_line
  left join int_commitment_prices as commitments
    on measured.product_line = commitments.product_line
    and measured.reserved_gpus > 0
),

judged as (
  select
    *,
    coalesce(commitment_currency, usage_currency) as currency,
    case
      when reserved_gpus > 0 and source_line is null
        then 'No line of prices.csv names a reservation of ' || product_line
          || ': add one with resource_type, reservation_id and unit_price.'
      when unpriced_day_count > 0
        then 'On ' || unpriced_day_count || case when unpriced_day_count = 1 then ' day' else ' days' end
          || ' some of its use has no price on demand.'
      when not has_one_currency or commitment_currency <> usage_currency
        then 'Its prices are in more than one currency.'
    end as message
  from scenarios
),

totals as (
  select
    *,
    case when message is null then committed_cost + overflow_cost end as total_cost
  from judged
),

final as (
  select
    totals.organization_id,
    totals.product_line,
    totals.gpu_type,
    build.price_label || ':' || totals.source_line as price_source,
    totals.reserved_gpus::integer as reserved_gpus,
    totals.size_basis,
    (totals.unit_price::decimal(28, 0) * 0.0000000001::decimal(10, 10))::decimal(38, 10) as unit_price,
    totals.first_date,
    totals.last_date,
    totals.day_count::integer as read_days,
    totals.node_gpus::integer as node_gpus,
    totals.used_gpu_hours,
    (totals.reserved_gpus * totals.day_count * 24)::decimal(38, 12) as committed_gpu_hours,
    (totals.covered_trillionths::decimal(26, 0) * 0.000000000001::decimal(12, 12))::decimal(38, 12) as covered_gpu_hours,
    (totals.overflow_trillionths::decimal(26, 0) * 0.000000000001::decimal(12, 12))::decimal(38, 12)
      as overflow_gpu_hours,
    totals.covered_trillionths * 0.000000000001 / nullif(totals.reserved_gpus * totals.day_count * 24, 0) as utilisation,
    (totals.committed_cost::decimal(28, 0) * 0.0000000001::decimal(10, 10))::decimal(38, 10) as committed_cost,
    case
      when totals.unpriced_day_count = 0 and totals.has_one_currency
        then totals.overflow_cost::decimal(28, 0) * 0.0000000001::decimal(10, 10)
    end::decimal(38, 10) as overflow_cost,
    (totals.total_cost::decimal(28, 0) * 0.0000000001::decimal(10, 10))::decimal(38, 10) as total_cost,
    totals.actual_cost::decimal(38, 10) as actual_cost,
    (totals.total_cost::decimal(28, 0) * 0.0000000001::decimal(10, 10) - totals.actual_cost)::decimal(38, 10)
      as difference_to_actual,
    coalesce(totals.currency, build.currency) as currency,
    totals.total_cost is not null
    and row_number() over (
      partition by totals.organization_id, totals.product_line, totals.currency
      order by totals.total_cost nulls last, totals.reserved_gpus, totals.source_line
    ) = 1 as is_cheapest,
    totals.message
  from totals
  cross join meta.build as build
)

select
  organization_id,
  product_line,
  gpu_type,
  price_source,
  reserved_gpus,
  size_basis,
  unit_price,
  first_date,
  last_date,
  read_days,
  node_gpus,
  used_gpu_hours,
  committed_gpu_hours,
  covered_gpu_hours,
  overflow_gpu_hours,
  utilisation,
  committed_cost,
  overflow_cost,
  total_cost,
  actual_cost,
  difference_to_actual,
  currency,
  is_cheapest,
  message
from final
