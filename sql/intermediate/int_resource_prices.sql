/*
description: What an hour of each resource costs at today's prices, also of a reservation that is gone. A resource without a price has no row.
grain: [resource_kind, resource_id]
columns:
  resource_kind: disk, snapshot, vm, reservation, smaller_vm for a VM if it were of the next smaller type, or spot_vm for an on-demand VM if it were spot.
  resource_id: The resource.
  hourly_units: Units of the metric in an hour of the resource; of a reservation, in an hour of one of its GPUs.
  units_divisor: What hourly_units is to be divided by.
  billable_metric: The metric that is priced.
  unit_price: The price of one unit.
  currency: Its currency.
  source_line: The line of prices.csv.
*/
with spot_vms as (
  select vm_id
  from stg_vms
  where is_current
    and regexp_matches(lower(billing_type), '(^|[^a-z])(spot|preemptible)([^a-z]|$)')
),

wanted as (
  select
    keys.*,
    spot_vms.vm_id is not null as is_spot
  from int_resource_price_keys as keys
  left join spot_vms
    on keys.resource_kind in ('vm', 'smaller_vm')
    and keys.resource_id = spot_vms.vm_id

  union all

  select
    * replace ('spot_vm' as resource_kind),
    true as is_spot
  from int_resource_price_keys
  where resource_kind = 'vm'
    and reservation_key = ''
),

priced as (
  select
    wanted.resource_kind,
    wanted.resource_id,
    wanted.preference,
    wanted.hourly_units,
    wanted.units_divisor,
    wanted.billable_metric,
    case when wanted.is_spot then prices.spot_unit_price else prices.unit_price end as unit_price,
    case when wanted.is_spot then prices.spot_currency else prices.currency end as currency,
    case when wanted.is_spot then prices.spot_source_line else prices.source_line end as source_line
  from wanted
  cross join meta.build as build
  inner join int_prices_in_force as prices
    on wanted.project_key = prices.project_key
    and wanted.region_key = prices.region_key
    and wanted.resource_type_key = prices.resource_type_key
    and wanted.billable_metric = prices.metric_key
    and wanted.reservation_key = prices.reservation_key
    and prices.starts_on <= build.today
    and prices.ends_before > build.today
  where wanted.hourly_units is not null
),

final as (
  select
    resource_kind,
    resource_id,
    hourly_units,
    units_divisor,
    billable_metric,
    unit_price,
    currency,
    source_line
  from priced
  where unit_price is not null
  qualify row_number() over (
    partition by resource_kind, resource_id
    order by preference
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
