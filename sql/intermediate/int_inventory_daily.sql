/*
description: What the inventory allows for on each whole day between two good reads of it, by series of usage and in its unit, from least to most.
grain: [series_id, usage_date]
columns:
  series_id: The series of usage.
  usage_date: The UTC day.
  least: At least, as each was seen at the reads of the inventory and by operations.
  most: At most, by the same.
  proven_least: At least, where what was seen alike twice may have been otherwise in between.
  proven_most: At most, by the same, less a minute of each VM that was seen standing still before, within and after the day.
  change_count: VMs and disks that were made, removed, started, stopped or resized on the day, or may have been.
  seen_running: VMs that were seen running before, within and after the day.
  minutes_of_changes: A minute for each of these changes, in the unit.
*/
with read_days as (
  select
    organization_id,
    project_id,
    attempted_at::date as read_date
  from stg_read_windows
  where stream = 'vms'
    and status = 'complete'
  group by all
),

read_spans as (
  select
    organization_id,
    project_id,
    min(read_date) as first_date,
    max(read_date) as last_date
  from read_days
  group by
    organization_id,
    project_id
  having count(*) <= max(read_date) - min(read_date)
),

-- Nights on which the inventory was not read: they are few.
missed_days as (
  select
    organization_id,
    project_id,
    unnest(generate_series(first_date, last_date, interval 1 day))::date as missed_date
  from read_spans

  except

  select
    organization_id,
    project_id,
    read_date
  from read_days
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

of_series as (
  select
    series.series_id,
    series.units,
    changes.resource_kind,
    changes.change
  from changes
  inner join int_usage_series as series
    on changes.organization_id = series.organization_id
    and changes.project_id = series.project_id
    and changes.resource_type = series.type_key
    and changes.resource_kind = series.inventory_kind
    and (not series.has_regions or changes.region = series.region_key)
    and series.why_not_inventory is null
),

by_day as (
  select
    series_id,
    units,
    change.at::date as change_date,
    sum(change.least * units) as least,
    sum(change.most * units) as most,
    sum(change.proven_least * units) as proven_least,
    sum(change.proven_most * units) as proven_most,
    sum(change.changing) as changing,
    sum(change.running) as running,
    sum(change.stopped) as stopped,
    -- What counts from an instant on counts for the rest of its day.
    sum(change.least * units * (86400000000 - (epoch_us(change.at) % 86400000000))) as rest_least,
    sum(change.most * units * (86400000000 - (epoch_us(change.at) % 86400000000))) as rest_most,
    sum(change.proven_least * units * (86400000000 - (epoch_us(change.at) % 86400000000))) as rest_proven_least,
    sum(change.proven_most * units * (86400000000 - (epoch_us(change.at) % 86400000000))) as rest_proven_most
  from of_series
  group by
    series_id,
    units,
    change.at::date
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
  window so_far as (partition by series_id order by change_date)
),

-- Billionths and microseconds to hours by integers, rounded half up to 12 places: 10^9 x 3.6 x 10^9 / 10^12.
-- On the day of a change, and for each of the days after it on which nothing changes.
measured as (
  select
    series_id,
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
    ((((least_so_far * 86400000000) + 1800000) // 3600000)::decimal(38, 0) * 0.000000000001::decimal(12, 12))::decimal(38, 12) as least,
    ((((most_so_far * 86400000000) + 1800000) // 3600000)::decimal(38, 0) * 0.000000000001::decimal(12, 12))::decimal(38, 12) as most,
    ((((proven_least_so_far * 86400000000) + 1800000) // 3600000)::decimal(38, 0) * 0.000000000001::decimal(12, 12))::decimal(38, 12) as proven_least,
    ((((proven_most_so_far * 86400000000) + 1800000) // 3600000)::decimal(38, 0) * 0.000000000001::decimal(12, 12))::decimal(38, 12) as proven_most,
    changing_so_far::integer as change_count,
    running_so_far::integer as running,
    (stopped_so_far::integer * units)::decimal(18, 0) * 0.016666666667::decimal(12, 12) as minutes_of_stopped,
    (changing_so_far::integer * units)::decimal(18, 0) * 0.016666666667::decimal(12, 12) as minutes_of_changes
  from running_sums
),

days as (
  select
    series_id,
    change_date as usage_date,
    day_least as least,
    day_most as most,
    day_proven_least as proven_least,
    day_proven_most as proven_most,
    greatest(day_proven_most - minutes_of_stopped, 0)::decimal(38, 12) as proven_most_if_seen,
    change_count,
    running,
    minutes_of_changes
  from measured
  where day_proven_most > 0

  union all

  select
    series_id,
    unnest(generate_series(change_date + 1, next_change_date - 1, interval 1 day))::date,
    least,
    most,
    proven_least,
    proven_most,
    greatest(proven_most - minutes_of_stopped, 0)::decimal(38, 12),
    change_count,
    running,
    minutes_of_changes
  from measured
  where next_change_date > change_date + 1
    and proven_most > 0
),

final as (
  select
    days.series_id,
    days.usage_date,
    days.least,
    days.most,
    days.proven_least,
    case when missed_days.missed_date is null then days.proven_most_if_seen else days.proven_most end as proven_most,
    days.change_count,
    case when missed_days.missed_date is null then days.running else 0 end as seen_running,
    days.minutes_of_changes::decimal(38, 12) as minutes_of_changes
  from days
  inner join int_usage_series as series
    on days.series_id = series.series_id
    and days.usage_date >= greatest(series.inventory_from_date, series.metric_from_date)
    and days.usage_date < least(series.inventory_before_date, series.metric_before_date)
  left join missed_days
    on series.organization_id = missed_days.organization_id
    and series.project_id = missed_days.project_id
    and days.usage_date = missed_days.missed_date
)

select
  series_id,
  usage_date,
  least,
  most,
  proven_least,
  proven_most,
  change_count,
  seen_running,
  minutes_of_changes
from final
