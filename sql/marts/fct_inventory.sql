/*
description: Each VM, disk, snapshot and reservation as it stands now, with what it comes to in a month at today's prices.
grain: [resource_kind, resource_id]
columns:
  resource_kind: vm, disk, snapshot or reservation.
  resource_id: The resource.
  resource_name: Its name; of a reservation, its product line.
  organization_id: The organisation.
  project_id: The project; null for reservations.
  project_name: The project's latest name; its id where it has none.
  location: Where it is; of a snapshot, where the disk is that it was taken of; null where that is not known, or in several places.
  region: The location without its zone.
  state: Of a VM, running, stopped or another word of the API; of a disk, attached or unattached; of a reservation, running, upcoming or ended; null for snapshots.
  resource_type: The VM's type, the disk's type or the reservation's product line; null for snapshots.
  gpu_type: The type of its GPUs; null where it has none.
  gpus: How many GPUs it has or reserves; null where it can have none, or nothing says how many.
  size_gib: The size of a disk or snapshot in GiB; null for the others.
  created_at: When it was made, UTC; of a reservation, when its contract begins.
  age_days: How many full days ago that was; null where it is not known or yet to come.
  monthly_cost: What it comes to in a month of 730 hours at today's prices; 0 for a stopped VM that has a price, since only its disks are billed; null without a price, and for a VM that is neither running nor stopped or a reservation that does not run.
  currency: The currency of monthly_cost; null where that is.
tests:
  - not_null: [resource_kind, resource_id]
  - accepted_values:
      column: resource_kind
      values: [vm, disk, snapshot, reservation]
  - relationship: {column: project_id, model: dim_project, to: project_id}
  - range: {column: age_days, min: 0}
  - range: {column: monthly_cost, min: 0}
*/
with vms as (
  select
    'vm' as resource_kind,
    vm_id as resource_id,
    vm_name as resource_name,
    organization_id,
    project_id,
    location,
    region,
    state,
    vm_type as resource_type,
    gpu_type,
    num_gpu as gpus,
    null as size_gib,
    created_at,
    case state when 'running' then 1 when 'stopped' then 0 end as billed_units
  from dim_vm
  where is_current
),

disks as (
  select
    'disk' as resource_kind,
    disk_id as resource_id,
    disk_name as resource_name,
    organization_id,
    project_id,
    location,
    region,
    case when attached_vm_id is null then 'unattached' else 'attached' end as state,
    disk_type as resource_type,
    null as gpu_type,
    null as gpus,
    size_gib,
    created_at,
    1 as billed_units
  from dim_disk
  where is_current
),

source_places as (
  select
    disk_id,
    max({'valid_from': valid_from, 'location': location, 'region': region}) as place
  from dim_disk
  group by disk_id
),

snapshots as (
  select
    'snapshot' as resource_kind,
    snapshots.snapshot_id as resource_id,
    snapshots.snapshot_name as resource_name,
    snapshots.organization_id,
    snapshots.project_id,
    source_places.place.location,
    source_places.place.region,
    null as state,
    null as resource_type,
    null as gpu_type,
    null as gpus,
    snapshots.size_gib,
    snapshots.created_at,
    1 as billed_units
  from dim_snapshot as snapshots
  left join source_places
    on snapshots.source_disk_id = source_places.disk_id
  where snapshots.is_current
),

reservations as (
  select
    'reservation' as resource_kind,
    reservations.reservation_id as resource_id,
    reservations.product_line as resource_name,
    reservations.organization_id,
    null as project_id,
    case when len(reservations.locations) = 1 then reservations.locations[1] end as location,
    case
      when len(reservations.locations) = 1 then regexp_replace(reservations.locations[1], '-[a-z]$', '')
    end as region,
    case
      when reservations.contract_start_date > build.today then 'upcoming'
      when reservations.contract_end_date < build.today then 'ended'
      else 'running'
    end as state,
    reservations.product_line as resource_type,
    reservations.gpu_type,
    reservations.reserved_gpus as gpus,
    null as size_gib,
    reservations.contract_start_date::timestamp as created_at,
    case
      when reservations.contract_start_date > build.today or reservations.contract_end_date < build.today then null
      else reservations.reserved_gpus
    end as billed_units
  from dim_reservation as reservations
  cross join meta.build as build
  where reservations.is_current
),

resources as (
  select * from vms
  union all
  select * from disks
  union all
  select * from snapshots
  union all
  select * from reservations
),

-- In whole 10^-10, rounded half up: a division would go through DOUBLE.
priced as (
  select
    resources.*,
    (
      (
        (
          (prices.hourly_units * 1000000000000::decimal(13, 0))::hugeint
          * (prices.unit_price * 100000000::decimal(9, 0))::hugeint
          * resources.billed_units * 730 * 2
          + prices.units_divisor * 10000000000::hugeint
        ) // (prices.units_divisor * 20000000000::hugeint)
      )::decimal(28, 0) * 0.0000000001::decimal(10, 10)
    )::decimal(38, 10) as monthly_cost,
    prices.currency
  from resources
  left join int_resource_prices as prices
    on resources.resource_kind = prices.resource_kind
    and resources.resource_id = prices.resource_id
),

final as (
  select
    priced.resource_kind,
    priced.resource_id,
    priced.resource_name,
    priced.organization_id,
    priced.project_id,
    coalesce(projects.project_name, priced.project_id) as project_name,
    priced.location,
    priced.region,
    priced.state,
    priced.resource_type,
    priced.gpu_type,
    priced.gpus::integer as gpus,
    priced.size_gib,
    priced.created_at,
    case
      when priced.created_at <= build.now then datesub('day', priced.created_at, build.now)
    end::integer as age_days,
    priced.monthly_cost,
    case when priced.monthly_cost is not null then priced.currency end as currency
  from priced
  cross join meta.build as build
  left join int_projects as projects
    on priced.project_id = projects.project_id
)

select
  resource_kind,
  resource_id,
  resource_name,
  organization_id,
  project_id,
  project_name,
  location,
  region,
  state,
  resource_type,
  gpu_type,
  gpus,
  size_gib,
  created_at,
  age_days,
  monthly_cost,
  currency
from final
