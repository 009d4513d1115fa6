/*
description: How many instance-hours of each type, and GiB-hours of disks, the inventory allows for each day, from least to most.
materialized: view
grain: [organization_id, usage_date, project_id, region, resource_type, resource_kind]
columns:
  organization_id: The organisation.
  usage_date: The UTC day.
  project_id: The project.
  region: The region in one spelling.
  resource_type: The type in one spelling.
  resource_kind: vm or disk.
  least: Hours at least, as each was seen at the reads of the inventory and by operations.
  most: Hours at most, by the same.
  proven_least: Hours at least, where what was seen alike twice may have been otherwise in between.
  proven_most: Hours at most, by the same.
  change_count: VMs and disks that were made, removed, started, stopped or resized on the day, or may have been.
  seen_running: VMs that ran at every read of the day and the last before it.
  seen_stopped: VMs that stood still at every read of the day and the last before it, while no operation proves that they did in between.
*/
with read_days as (
  select distinct
    organization_id,
    project_id,
    attempted_at::date as read_date
  from stg_read_windows
  where stream = 'vms'
    and status = 'complete'
),

-- A day counts where the VM was seen so before it, within it and after it.
seen as (
  select
    organization_id,
    project_before as project_id,
    region_before as region,
    type_before as resource_type,
    vm_id,
    runs_after as is_running,
    observed_at as first_at,
    lead(observed_at) over of_vm as last_at,
    lead(ran_before) over of_vm as is_running_then,
    lead(said_by) over of_vm as said_by_then,
    said_by,
    project_before = lead(project_before) over of_vm
    and region_before is not distinct from lead(region_before) over of_vm
    and type_before = lead(type_before) over of_vm as is_alike
  from int_vm_observations
  where said_by in ('read', 'gone')
  window of_vm as (partition by vm_id order by position)
),

-- Where operations tell every change, the most that is proven says already that it did not run.
seen_alike as (
  select
    seen.*,
    trusted.project_id is not null as is_told
  from seen
  left join int_operations_trusted as trusted
    on seen.organization_id = trusted.organization_id
    and seen.project_id = trusted.project_id
    and seen.last_at > trusted.trusted_from
    and seen.first_at < trusted.trusted_to
  where seen.said_by = 'read'
    and seen.said_by_then = 'read'
    and seen.is_alike
    and seen.is_running = seen.is_running_then
    and date_trunc('day', seen.first_at - interval 1 microsecond) + interval 1 day < date_trunc('day', seen.last_at)
),

-- What changes from one instant or day to the next, and by how much.
changes as (
  select
    organization_id,
    project_id,
    region,
    resource_type,
    resource_kind,
    unnest([
      {
        'at': starts_at, 'least': least, 'most': most, 'proven_least': proven_least, 'proven_most': proven_most,
        'changing': case when is_change then 1 else 0 end, 'running': 0, 'stopped': 0
      },
      {
        'at': ends_at, 'least': -least, 'most': -most, 'proven_least': -proven_least, 'proven_most': -proven_most,
        'changing': 0, 'running': 0, 'stopped': 0
      }
    ]) as change
  from int_inventory_spans

  union all

  -- A change is told of the last day on which it may have come, too.
  select
    organization_id,
    project_id,
    region,
    resource_type,
    resource_kind,
    {
      'at': date_trunc('day', ends_at) + interval 1 day, 'least': 0::hugeint, 'most': 0::hugeint,
      'proven_least': 0::hugeint, 'proven_most': 0::hugeint, 'changing': -1, 'running': 0, 'stopped': 0
    }
  from int_inventory_spans
  where is_change

  union all

  select
    organization_id,
    project_id,
    region,
    resource_type,
    'vm',
    unnest([
      {
        'at': date_trunc('day', first_at - interval 1 microsecond) + interval 1 day, 'least': 0::hugeint,
        'most': 0::hugeint, 'proven_least': 0::hugeint, 'proven_most': 0::hugeint, 'changing': 0,
        'running': is_running::integer, 'stopped': (not is_running and not is_told)::integer
      },
      {
        'at': date_trunc('day', last_at), 'least': 0::hugeint,
        'most': 0::hugeint, 'proven_least': 0::hugeint, 'proven_most': 0::hugeint, 'changing': 0,
        'running': -is_running::integer, 'stopped': -(not is_running and not is_told)::integer
      }
    ])
  from seen_alike
),

by_day as (
  select
    organization_id,
    project_id,
    region,
    resource_type,
    resource_kind,
    change.at::date as change_date,
    sum(change.least) as least,
    sum(change.most) as most,
    sum(change.proven_least) as proven_least,
    sum(change.proven_most) as proven_most,
    sum(change.changing) as changing,
    sum(change.running) as running,
    sum(change.stopped) as stopped,
    -- What counts from an instant on counts for the rest of its day.
    sum(change.least * (86400000000 - (epoch_us(change.at) % 86400000000))) as rest_least,
    sum(change.most * (86400000000 - (epoch_us(change.at) % 86400000000))) as rest_most,
    sum(change.proven_least * (86400000000 - (epoch_us(change.at) % 86400000000))) as rest_proven_least,
    sum(change.proven_most * (86400000000 - (epoch_us(change.at) % 86400000000))) as rest_proven_most
  from changes
  group by all
),

running_sums as (
  select
    *,
    sum(least) over so_far as least_so_far,
    sum(most) over so_far as most_so_far,
    sum(proven_least) over so_far as proven_least_so_far,
    sum(proven_most) over so_far as proven_most_so_far,
    sum(changing) over so_far as changing_so_far,
    sum(running) over so_far as running_so_far,
    sum(stopped) over so_far as stopped_so_far,
    lead(change_date) over so_far as next_change_date
  from by_day
  window so_far as (
    partition by organization_id, project_id, region, resource_type, resource_kind
    order by change_date
  )
),

-- Billionths and microseconds to hours by integers, rounded half up to 12 places: 10^9 x 3.6 x 10^9 / 10^12.
-- On the day of a change, and for each of the days after it on which nothing changes.
measured as (
  select
    organization_id,
    project_id,
    region,
    resource_type,
    resource_kind,
    change_date,
    next_change_date,
    (((((least_so_far - least) * 86400000000 + rest_least) + 1800000) // 3600000)::decimal(38, 0) * 0.000000000001::decimal(12, 12))::decimal(38, 12)
      as day_least,
    (((((most_so_far - most) * 86400000000 + rest_most) + 1800000) // 3600000)::decimal(38, 0) * 0.000000000001::decimal(12, 12))::decimal(38, 12)
      as day_most,
    (((((proven_least_so_far - proven_least) * 86400000000 + rest_proven_least) + 1800000) // 3600000)::decimal(38, 0) * 0.000000000001::decimal(12, 12))::decimal(38, 12)
      as day_proven_least,
    (((((proven_most_so_far - proven_most) * 86400000000 + rest_proven_most) + 1800000) // 3600000)::decimal(38, 0) * 0.000000000001::decimal(12, 12))::decimal(38, 12)
      as day_proven_most,
    ((((least_so_far * 86400000000) + 1800000) // 3600000)::decimal(38, 0) * 0.000000000001::decimal(12, 12))::decimal(38, 12)
      as least,
    ((((most_so_far * 86400000000) + 1800000) // 3600000)::decimal(38, 0) * 0.000000000001::decimal(12, 12))::decimal(38, 12)
      as most,
    ((((proven_least_so_far * 86400000000) + 1800000) // 3600000)::decimal(38, 0) * 0.000000000001::decimal(12, 12))::decimal(38, 12)
      as proven_least,
    ((((proven_most_so_far * 86400000000) + 1800000) // 3600000)::decimal(38, 0) * 0.000000000001::decimal(12, 12))::decimal(38, 12)
      as proven_most,
    changing_so_far::integer as change_count,
    running_so_far::integer as running,
    stopped_so_far::integer as stopped
  from running_sums
),

days as (
  select
    organization_id,
    project_id,
    region,
    resource_type,
    resource_kind,
    change_date as usage_date,
    day_least as least,
    day_most as most,
    day_proven_least as proven_least,
    day_proven_most as proven_most,
    change_count,
    running,
    stopped
  from measured
  where day_proven_most > 0

  union all

  select
    organization_id,
    project_id,
    region,
    resource_type,
    resource_kind,
    unnest(generate_series(change_date + 1, next_change_date - 1, interval 1 day))::date,
    least,
    most,
    proven_least,
    proven_most,
    change_count,
    running,
    stopped
  from measured
  where next_change_date > change_date + 1
    and proven_most > 0
),

final as (
  select
    days.organization_id,
    days.usage_date,
    days.project_id,
    days.region,
    days.resource_type,
    days.resource_kind,
    days.least,
    days.most,
    days.proven_least,
    days.proven_most,
    days.change_count,
    case when read_days.read_date is not null then days.running else 0 end as seen_running,
    case when read_days.read_date is not null then days.stopped else 0 end as seen_stopped
  from days
  left join read_days
    on days.organization_id = read_days.organization_id
    and days.project_id = read_days.project_id
    and days.usage_date = read_days.read_date
)

select
  organization_id,
  usage_date,
  project_id,
  region,
  resource_type,
  resource_kind,
  least,
  most,
  proven_least,
  proven_most,
  change_count,
  seen_running,
  seen_stopped
from final
