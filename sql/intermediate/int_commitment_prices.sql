/*
description: The prices of prices.csv that name a reservation and held within the last 90 days or do now, by product line. Each stands for a kind of commitment that could be had.
grain: [source_line, product_line]
columns:
  source_line: The line of prices.csv; of several that say the same price, the first.
  product_line: The product line, in lower case.
  unit_price: The price of one unit.
  gpus_per_unit: How many GPU-hours one unit is; 1 where the price is by the GPU-hour.
  currency: Its currency.
*/
with metrics as (
  select distinct
    billable_metric,
    metric_kind
  from stg_billable_metrics
),

reserved_lines as (
  select
    reservation_id,
    lower(product_line) as resource_type_key
  from dim_reservation
  qualify row_number() over (
    partition by reservation_id
    order by valid_from desc, organization_id
  ) = 1
),

named as (
  select
    prices.source_line,
    prices.unit_price,
    prices.currency,
    lines.product_line,
    case
      when metrics.metric_kind = 'gpu_hours' or (metrics.metric_kind is null and lines.is_metered_by_gpu) then 1
      when metrics.metric_kind = 'instance_hours' or metrics.metric_kind is null then nullif(lines.num_gpu, 0)
    end::hugeint as gpus_per_unit
  from stg_prices as prices
  cross join meta.build as build
  left join reserved_lines
    on prices.reservation_id = reserved_lines.reservation_id
  inner join int_product_lines as lines
    on coalesce(prices.resource_type, reserved_lines.resource_type_key) = lines.resource_type_key
  left join metrics
    on prices.billable_metric = metrics.billable_metric
  where prices.reservation_id is not null
    and prices.project_id is null
    and coalesce(prices.effective_from, build.today) <= build.today
    and coalesce(prices.effective_to, build.today) >= build.today - 90
),

final as (
  select
    min(source_line) as source_line,
    product_line,
    unit_price,
    gpus_per_unit,
    currency
  from named
  where gpus_per_unit is not null
  group by
    product_line,
    unit_price,
    gpus_per_unit,
    currency
)

select
  source_line,
  product_line,
  unit_price,
  gpus_per_unit,
  currency
from final
