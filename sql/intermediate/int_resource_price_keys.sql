/*
description: What would have to be priced to say what an hour of each resource that exists now costs; of reservations also those that are gone.
grain: [resource_kind, resource_id, preference]
columns:
  resource_kind: disk, snapshot, vm, reservation, or smaller_vm for a VM if it were of the next smaller type.
  resource_id: The resource.
  preference: Of several metrics that would do, the one with the lowest number comes first.
  project_key: The project; empty where it belongs to none.
  region_key: The region in lower case; empty where it has none.
  resource_type_key: The type in lower case, as usage would name it.
  billable_metric: The metric by which it would be metered.
  reservation_key: The reservation; empty on demand.
  hourly_units: Units of the metric in an hour of the resource; of a reservation, in an hour of one of its GPUs.
  units_divisor: What hourly_units is to be divided by; the GPUs of an instance where a reservation is metered by instances.
*/
with regions as (
  select region as region_key
  from stg_prices
  where region is not null

  union

  select lower(region)
  from int_usage_months
  where region is not null
    and not is_exported
),

-- Usage names regions, inventory locations; an account whose usage names locations is priced by these.
disks as (
  select
    'disk' as resource_kind,
    disks.disk_id as resource_id,
    disks.project_id,
    coalesce(regions.region_key, lower(disks.region)) as region_key,
    lower(disks.disk_type) as resource_type_key,
    1 as preference,
    'gib-hours' as billable_metric,
    null as reservation_id,
    disks.size_gib::decimal(38, 12) as hourly_units,
    1 as units_divisor
  from dim_disk as disks
  left join regions
    on lower(disks.location) = regions.region_key
  where disks.is_current
),

snapshot_prices as (
  select min(resource_type) as resource_type_key
  from stg_prices
  where resource_type like '%snapshot%'
  having count(distinct resource_type) = 1
),

snapshots as (
  select
    'snapshot' as resource_kind,
    snapshots.snapshot_id as resource_id,
    snapshots.project_id,
    lower(coalesce(used.region, sources.region)) as region_key,
    coalesce(lower(used.resource_type), snapshot_prices.resource_type_key) as resource_type_key,
    1 as preference,
    'gib-hours' as billable_metric,
    null as reservation_id,
    snapshots.size_gib::decimal(38, 12) as hourly_units,
    1 as units_divisor
  from dim_snapshot as snapshots
  left join int_resource_last_usage as used
    on snapshots.snapshot_id = used.resource_id
  left join snapshot_prices
    on true
  left join (
    select
      disk_id,
      max({'valid_from': valid_from, 'region': region}).region as region
    from stg_disks
    group by disk_id
  ) as sources
    on snapshots.source_disk_id = sources.disk_id
  where snapshots.is_current
    and coalesce(lower(used.resource_type), snapshot_prices.resource_type_key) is not null
),

vms as (
  select
    'vm' as resource_kind,
    vms.vm_id as resource_id,
    vms.project_id,
    coalesce(regions.region_key, lower(vms.region)) as region_key,
    lower(vms.vm_type) as resource_type_key,
    vms.reservation_id,
    vms.num_gpu
  from dim_vm as vms
  left join regions
    on lower(vms.location) = regions.region_key
  where vms.is_current

  union all

  select
    'smaller_vm' as resource_kind,
    vms.vm_id as resource_id,
    vms.project_id,
    coalesce(regions.region_key, lower(vms.region)) as region_key,
    lower(smaller.vm_type) as resource_type_key,
    null as reservation_id,
    smaller.num_gpu
  from int_smaller_types as smaller
  inner join dim_vm as vms
    on smaller.vm_id = vms.vm_id
    and vms.is_current
  left join regions
    on lower(vms.location) = regions.region_key
),

reservation_usage as (
  select
    reservation_id,
    max({
      'usage_date': last_gpu_date,
      'resource_type_key': lower(resource_type),
      'region_key': lower(region)
    }) as latest
  from int_usage_months
  where reservation_id is not null
    and last_gpu_date is not null
  group by reservation_id
),

line_types as (
  select
    lower(reservations.product_line) as product_line_key,
    min(types.resource_type_key) as resource_type_key
  from dim_reservation as reservations
  inner join int_resource_types as types
    on types.resource_type_key = lower(reservations.product_line)
    or starts_with(types.resource_type_key, lower(reservations.product_line) || '.')
  where types.num_gpu > 0
  group by lower(reservations.product_line)
),

-- What is reserved is priced as the usage that is drawn from it, or would be.
reservations as (
  select
    reservations.reservation_id as resource_id,
    coalesce(
      used.latest.region_key,
      case when len(reservations.locations) = 1 then regexp_replace(lower(reservations.locations[1]), '-[a-z]$', '') end
    ) as region_key,
    coalesce(used.latest.resource_type_key, line_types.resource_type_key, lower(reservations.product_line))
      as resource_type_key,
    reservations.reservation_id
  from dim_reservation as reservations
  left join reservation_usage as used
    on reservations.reservation_id = used.reservation_id
  left join line_types
    on lower(reservations.product_line) = line_types.product_line_key
  qualify row_number() over (
    partition by reservations.reservation_id
    order by reservations.valid_from desc, reservations.organization_id
  ) = 1
),

-- A type is priced as its usage is metered; only one that was never metered takes a price by either metric.
metrics as (
  select
    types.resource_type_key,
    types.num_gpu,
    1 as preference,
    types.metered_as as billable_metric,
    types.is_metered_by_gpu
  from int_resource_types as types

  union all

  select
    types.resource_type_key,
    types.num_gpu,
    others.preference,
    others.billable_metric,
    others.is_metered_by_gpu
  from int_resource_types as types
  cross join (
    values
      (2, 'gpu-hours', true),
      (3, 'instance-hours', false)
  ) as others(preference, billable_metric, is_metered_by_gpu)
  where not types.is_metered
),

compute as (
  select
    vms.resource_kind,
    vms.resource_id,
    vms.project_id,
    vms.region_key,
    vms.resource_type_key,
    metrics.preference,
    metrics.billable_metric,
    vms.reservation_id,
    case when metrics.is_metered_by_gpu then vms.num_gpu else 1 end::decimal(38, 12) as hourly_units,
    1 as units_divisor
  from vms
  inner join metrics
    on vms.resource_type_key = metrics.resource_type_key
  -- A VM without GPUs has no GPU-hours.
  where vms.num_gpu > 0
    or not metrics.is_metered_by_gpu

  union all

  select
    'reservation' as resource_kind,
    reservations.resource_id,
    null as project_id,
    reservations.region_key,
    reservations.resource_type_key,
    metrics.preference,
    metrics.billable_metric,
    reservations.reservation_id,
    1::decimal(38, 12) as hourly_units,
    case when metrics.is_metered_by_gpu then 1 else metrics.num_gpu end as units_divisor
  from reservations
  inner join metrics
    on reservations.resource_type_key = metrics.resource_type_key
  where metrics.is_metered_by_gpu
    or metrics.num_gpu > 0
),

final as (
  select
    resource_kind,
    resource_id,
    preference,
    project_id,
    region_key,
    resource_type_key,
    billable_metric,
    reservation_id,
    hourly_units,
    units_divisor
  from disks

  union all

  select
    resource_kind,
    resource_id,
    preference,
    project_id,
    region_key,
    resource_type_key,
    billable_metric,
    reservation_id,
    hourly_units,
    units_divisor
  from snapshots

  union all

  select
    resource_kind,
    resource_id,
    preference,
    project_id,
    region_key,
    resource_type_key,
    billable_metric,
    reservation_id,
    hourly_units,
    units_divisor
  from compute
)

select
  resource_kind,
  resource_id,
  preference,
  coalesce(project_id, '') as project_key,
  coalesce(region_key, '') as region_key,
  coalesce(resource_type_key, '') as resource_type_key,
  billable_metric,
  coalesce(reservation_id, '') as reservation_key,
  hourly_units,
  units_divisor
from final
