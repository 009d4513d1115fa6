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
  idle_since: Since when there were enough newer snapshots, UTC.
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
    greatest(ceil(rules.threshold), 1)::integer as newer_count
  from meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'old_snapshot'
),

-- Every snapshot that was ever seen: one that is gone by now had made others old all the same.
known as (
  select
    snapshot_id,
    max({'valid_from': valid_from, 'source_disk_id': source_disk_id}).source_disk_id as disk_id,
    min(valid_from) as first_seen_at,
    coalesce(min(created_at), min(valid_from)) as taken_at,
    bool_or(is_current) as is_current
  from stg_snapshots
  group by snapshot_id
),

ranked as (
  select
    known.*,
    count(*) filter (where known.is_current) over newer as newer_count,
    lead(known.taken_at, settings.newer_count) over (
      partition by known.disk_id
      order by known.taken_at, known.snapshot_id
    ) as superseded_at
  from known
  cross join settings
  window newer as (
    partition by known.disk_id
    order by known.taken_at desc, known.snapshot_id desc
    rows between unbounded preceding and 1 preceding
  )
),

superseded as (
  select
    snapshots.organization_id,
    snapshots.project_id,
    snapshots.snapshot_id,
    snapshots.snapshot_name,
    snapshots.size_gib,
    disks.disk_id,
    disks.disk_name,
    disks.location,
    ranked.first_seen_at,
    ranked.taken_at,
    ranked.newer_count,
    ranked.superseded_at,
    settings.now,
    settings.min_days
  from dim_snapshot as snapshots
  inner join ranked
    on snapshots.snapshot_id = ranked.snapshot_id
  inner join dim_disk as disks
    on ranked.disk_id = disks.disk_id
    and disks.is_current
  cross join settings
  where snapshots.is_current
    and ranked.newer_count >= settings.newer_count
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
