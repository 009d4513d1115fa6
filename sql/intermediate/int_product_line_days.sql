/*
description: GPU-hours of each product line on each of the last 90 days before today that were read whole, with what they cost and what they would have cost on demand. Lines that are reserved and not used have their days too.
grain: [organization_id, product_line, usage_date]
columns:
  organization_id: The organisation.
  product_line: The product line, in lower case.
  usage_date: The UTC day.
  gpu_type: The type of its GPUs.
  node_gpus: GPUs of the largest of its types that was used or reserved on that day; null where nothing says.
  gpu_hours: GPU-hours used, reserved or not.
  on_demand_cost: What they cost where they were on demand, and would have at the list price where they were reserved; null unless all of them are priced.
  actual_cost: What was paid for on demand, and owed for the reservations whether used or not; null unless all of it is priced.
  currency: The currency of these; null where there is none.
  has_one_currency: Whether they are in one currency.
*/
with read_days as (
  select
    days.organization_id,
    days.usage_date
  from int_usage_read_days as days
  cross join meta.build as build
  where days.usage_date >= build.today - 90
    and days.usage_date < build.today
  group by
    days.organization_id,
    days.usage_date
  having bool_and(days.is_whole)
),

priced_usage as (
  select
    usage.organization_id,
    usage.usage_date,
    lower(usage.resource_type) as resource_type_key,
    usage.gpu_type,
    usage.gpu_hours,
    case when usage.reservation_id is null then usage.cost else usage.list_cost end as on_demand_cost,
    -- What is drawn from a reservation is paid for by its commitment; of one that is not listed, by its use.
    case when reserved.reservation_id is null then usage.cost else 0 end as paid_cost,
    case when usage.cost is not null or usage.list_cost is not null then usage.currency end as currency
  from fct_cost_daily as usage
  inner join read_days
    on usage.organization_id = read_days.organization_id
    and usage.usage_date = read_days.usage_date
  left join fct_reservation_daily as reserved
    on usage.reservation_id = reserved.reservation_id
    and usage.usage_date = reserved.usage_date
  where usage.gpu_hours > 0
),

used as (
  select
    usage.organization_id,
    usage.usage_date,
    coalesce(lines.product_line, usage.resource_type_key, 'unknown') as product_line,
    max(usage.gpu_type) as gpu_type,
    max(lines.num_gpu) as node_gpus,
    sum(usage.gpu_hours) as gpu_hours,
    case when count(usage.on_demand_cost) = count(*) then sum(usage.on_demand_cost) end as on_demand_cost,
    case when count(usage.paid_cost) = count(*) then sum(usage.paid_cost) end as actual_cost,
    min(usage.currency) as first_currency,
    max(usage.currency) as last_currency
  from priced_usage as usage
  left join int_product_lines as lines
    on usage.resource_type_key = lines.resource_type_key
  group by
    usage.organization_id,
    usage.usage_date,
    coalesce(lines.product_line, usage.resource_type_key, 'unknown')
),

reserved as (
  select
    days.organization_id,
    days.usage_date,
    lines.product_line,
    max(days.gpu_type) as gpu_type,
    max(lines.num_gpu) as node_gpus,
    case when count(days.committed_cost) = count(*) then sum(days.committed_cost + days.overage_cost) end as actual_cost,
    min(case when days.committed_cost is not null then days.currency end) as first_currency,
    max(case when days.committed_cost is not null then days.currency end) as last_currency
  from fct_reservation_daily as days
  inner join read_days
    on days.organization_id = read_days.organization_id
    and days.usage_date = read_days.usage_date
  inner join int_product_lines as lines
    on lower(days.product_line) = lines.resource_type_key
  group by
    days.organization_id,
    days.usage_date,
    lines.product_line
),

lines as (
  select
    organization_id,
    product_line
  from used

  union

  select
    organization_id,
    product_line
  from reserved
),

final as (
  select
    lines.organization_id,
    lines.product_line,
    read_days.usage_date,
    coalesce(used.gpu_type, reserved.gpu_type) as gpu_type,
    greatest(used.node_gpus, reserved.node_gpus) as node_gpus,
    coalesce(used.gpu_hours, 0)::decimal(38, 12) as gpu_hours,
    case when used.product_line is null then 0 else used.on_demand_cost end::decimal(38, 10) as on_demand_cost,
    (
      case when used.product_line is null then 0 else used.actual_cost end
      + case when reserved.product_line is null then 0 else reserved.actual_cost end
    )::decimal(38, 10) as actual_cost,
    least(used.first_currency, reserved.first_currency) as currency,
    coalesce(
      least(used.first_currency, reserved.first_currency) = greatest(used.last_currency, reserved.last_currency),
      true
    ) as has_one_currency
  from lines
  inner join read_days
    on lines.organization_id = read_days.organization_id
  left join used
    on lines.organization_id = used.organization_id
    and lines.product_line = used.product_line
    and read_days.usage_date = used.usage_date
  left join reserved
    on lines.organization_id = reserved.organization_id
    and lines.product_line = reserved.product_line
    and read_days.usage_date = reserved.usage_date
)

select
  organization_id,
  product_line,
  usage_date,
  gpu_type,
  node_gpus,
  gpu_hours,
  on_demand_cost,
  actual_cost,
  currency,
  has_one_currency
from final
