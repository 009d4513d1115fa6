/*
description: Snapshots whose disk is gone. Silent for an organisation unless the disks of all its projects were read well last time.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: snapshot.
  resource_id: The snapshot.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Where its disk was; null where the disk was never seen.
  idle_since: Since when the disk is gone, UTC.
  reportable_from: From when it is long enough to tell, UTC.
  observed_from: When the snapshot was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: What it costs in a month of 730 hours; null if unpriced.
  currency: The currency of that.
*/
with disk_reads as (
  select
    projects.organization_id,
    bool_and(coalesce(reads.is_last_complete, false)) as is_complete
  from int_projects as projects
  left join int_inventory_reads as reads
    on projects.organization_id = reads.organization_id
    and projects.project_id = reads.project_id
    and reads.stream = 'disks'
  where projects.is_current
  group by projects.organization_id
),

disks as (
  select
    disk_id,
    bool_or(is_current) as is_current,
    max(valid_to) as gone_seen_at,
    max({'valid_from': valid_from, 'location': location}).location as location
  from stg_disks
  group by disk_id
),

first_seen as (
  select
    snapshot_id,
    min(valid_from) as first_seen_at
  from stg_snapshots
  group by snapshot_id
),

orphaned as (
  select
    snapshots.organization_id,
    snapshots.project_id,
    snapshots.snapshot_id,
    snapshots.snapshot_name,
    snapshots.size_gib,
    snapshots.source_disk_id,
    disks.location,
    first_seen.first_seen_at,
    usage.last_usage_date,
    disks.gone_seen_at,
    greatest(
      coalesce(
        disks.gone_seen_at,
        (usage.last_usage_date + 1)::timestamp,
        first_seen.first_seen_at
      ),
      snapshots.created_at
    ) as orphaned_since
  from dim_snapshot as snapshots
  inner join disk_reads
    on snapshots.organization_id = disk_reads.organization_id
    and disk_reads.is_complete
  inner join first_seen
    on snapshots.snapshot_id = first_seen.snapshot_id
  left join disks
    on snapshots.source_disk_id = disks.disk_id
  left join int_resource_last_usage as usage
    on snapshots.source_disk_id = usage.resource_id
  where snapshots.is_current
    and snapshots.source_disk_id is not null
    and not coalesce(disks.is_current, false)
),

priced as (
  select
    orphaned.*,
    prices.currency,
    round(orphaned.size_gib * prices.unit_price * 730::decimal(3, 0), 10)::decimal(38, 10) as monthly_cost
  from orphaned
  left join int_resource_prices as prices
    on prices.resource_kind = 'snapshot'
    and orphaned.snapshot_id = prices.resource_id
),

final as (
  select
    'orphaned_snapshot' as rule_id,
    'snapshot' as resource_kind,
    priced.snapshot_id as resource_id,
    priced.snapshot_name as resource_name,
    priced.organization_id,
    priced.project_id,
    priced.location,
    priced.orphaned_since as idle_since,
    priced.orphaned_since + to_seconds(rules.min_days * 86400) as reportable_from,
    priced.first_seen_at as observed_from,
    'The disk that it was taken of, ' || priced.source_disk_id
    || case
      when priced.gone_seen_at is not null
        then ', is gone since ' || strftime(priced.gone_seen_at, '%Y-%m-%d')
      when priced.last_usage_date is not null
        then ', shows no usage after ' || strftime(priced.last_usage_date, '%Y-%m-%d') || ' and is not listed'
      else ', was not listed on ' || strftime(priced.first_seen_at, '%Y-%m-%d') || ' or since'
    end
    || ', ' || datesub('day', priced.orphaned_since, build.now) || ' days; the snapshot holds '
    || case
      when priced.size_gib is not null then round(priced.size_gib, 2)::decimal(38, 2) || ' GiB'
      else 'a size that can''t be read'
    end
    || case
      when priced.monthly_cost is null then ', and no price is in force for it.'
      else ', which at today''s price is ' || round(priced.monthly_cost, 2)::decimal(38, 2) || ' '
        || priced.currency || ' in a month of 730 hours.'
    end as evidence,
    priced.monthly_cost as monthly_waste,
    case when priced.monthly_cost is not null then priced.currency end as currency
  from priced
  cross join meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'orphaned_snapshot'
)

select
  rule_id,
  resource_kind,
  resource_id,
  resource_name,
  organization_id,
  project_id,
  location,
  idle_since,
  reportable_from,
  observed_from,
  evidence,
  monthly_waste,
  currency
from final
