/*
description: Snapshots that are old, though their disk lives and enough newer snapshots of it exist.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: snapshot.
  resource_id: The snapshot.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Where its disk is.
  idle_since: Since when enough newer snapshots exist, UTC.
  reportable_from: From when it is long enough to tell, UTC.
  observed_from: When the snapshot was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: What it costs in a month of 730 hours; null if unpriced.
  currency: The currency of that.
*/
with settings as (
  select
    build.now,
    rules.min_days,
    ceil(rules.threshold)::integer as newer_count
  from meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'old_snapshot'
),

first_seen as (
  select
    snapshot_id,
    min(valid_from) as first_seen_at
  from stg_snapshots
  group by snapshot_id
),

-- Snapshots of a disk that lives, each with how many newer ones there are.
ranked as (
  select
    snapshots.organization_id,
    snapshots.project_id,
    snapshots.snapshot_id,
    snapshots.snapshot_name,
    snapshots.size_gib,
    disks.disk_id,
    disks.disk_name,
    disks.location,
    first_seen.first_seen_at,
    coalesce(snapshots.created_at, first_seen.first_seen_at) as taken_at
  from dim_snapshot as snapshots
  inner join first_seen
    on snapshots.snapshot_id = first_seen.snapshot_id
  inner join dim_disk as disks
    on snapshots.source_disk_id = disks.disk_id
    and disks.is_current
  where snapshots.is_current
),

numbered as (
  select
    *,
    row_number() over (partition by disk_id order by taken_at desc, snapshot_id desc) - 1 as newer_count
  from ranked
),

superseded as (
  select
    snapshots.*,
    settings.now,
    settings.min_days,
    -- From the snapshot on that made it one of which enough newer ones exist.
    successors.taken_at as superseded_at
  from numbered as snapshots
  cross join settings
  inner join numbered as successors
    on snapshots.disk_id = successors.disk_id
    and successors.newer_count = snapshots.newer_count - greatest(settings.newer_count, 1)
),

priced as (
  select
    superseded.*,
    prices.currency,
    round(superseded.size_gib * prices.unit_price * 730::decimal(3, 0), 10)::decimal(38, 10) as monthly_cost
  from superseded
  left join int_resource_prices as prices
    on prices.resource_kind = 'snapshot'
    and superseded.snapshot_id = prices.resource_id
),

final as (
  select
    'old_snapshot' as rule_id,
    'snapshot' as resource_kind,
    snapshot_id as resource_id,
    snapshot_name as resource_name,
    organization_id,
    project_id,
    location,
    superseded_at as idle_since,
    greatest(taken_at + to_seconds(min_days * 86400), superseded_at) as reportable_from,
    first_seen_at as observed_from,
    'Taken on ' || strftime(taken_at, '%Y-%m-%d') || ', ' || datesub('day', taken_at, now) || ' days ago, of '
    || coalesce(disk_name, disk_id) || ', of which there '
    || case when newer_count = 1 then 'is 1 newer snapshot' else 'are ' || newer_count || ' newer snapshots' end
    || '; it holds '
    || case
      when size_gib is not null then round(size_gib, 2)::decimal(38, 2) || ' GiB'
      else 'a size that can''t be read'
    end
    || case
      when monthly_cost is null then ', and no price is in force for it.'
      else ', which at today''s price is ' || round(monthly_cost, 2)::decimal(38, 2) || ' '
        || currency || ' in a month of 730 hours.'
    end as evidence,
    monthly_cost as monthly_waste,
    case when monthly_cost is not null then currency end as currency
  from priced
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
