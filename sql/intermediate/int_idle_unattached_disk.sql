/*
description: Disks that no VM holds.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: disk.
  resource_id: The disk.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Where it is.
  idle_since: Since when no VM holds it, UTC.
  reportable_from: From when it is long enough to tell, UTC.
  observed_from: When the disk was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: What it costs in a month of 730 hours; null if unpriced.
  currency: The currency of that.
*/
with unattached as (
  select
    organization_id,
    project_id,
    disk_id,
    disk_name,
    location,
    size_gib,
    created_at
  from dim_disk
  where is_current
    and len(attached_vm_ids) = 0
),

last_attachments as (
  select
    disk_id,
    max(attached_to) as detached_seen_at
  from int_disk_attachments
  group by disk_id
),

first_seen as (
  select
    disk_id,
    min(valid_from) as first_seen_at
  from stg_disks
  group by disk_id
),

openings as (
  select
    unattached.disk_id,
    first_seen.first_seen_at,
    last_attachments.detached_seen_at,
    coalesce(last_attachments.detached_seen_at, first_seen.first_seen_at) as unattached_seen_at
  from unattached
  inner join first_seen
    on unattached.disk_id = first_seen.disk_id
  left join last_attachments
    on unattached.disk_id = last_attachments.disk_id
),

-- The time of change that the disk's entry bore when it was first seen unattached.
changed as (
  select
    openings.disk_id,
    max(disks.updated_at) as updated_at
  from openings
  inner join stg_disks as disks
    on openings.disk_id = disks.disk_id
    and disks.valid_from <= openings.unattached_seen_at
    and coalesce(disks.valid_to, timestamp '9999-12-31') > openings.unattached_seen_at
  group by openings.disk_id
),

-- It was seen attached last by the read before the one that found it unattached.
seen_attached as (
  select
    openings.disk_id,
    max(reads.attempted_at) as last_seen_at
  from openings
  inner join unattached
    on openings.disk_id = unattached.disk_id
  inner join stg_read_windows as reads
    on unattached.organization_id = reads.organization_id
    and unattached.project_id = reads.project_id
    and openings.detached_seen_at > reads.attempted_at
  where reads.stream = 'disks'
    and reads.status = 'complete'
  group by openings.disk_id
),

dated as (
  select
    unattached.*,
    openings.first_seen_at,
    greatest(
      least(openings.unattached_seen_at, changed.updated_at),
      unattached.created_at,
      seen_attached.last_seen_at
    ) as unattached_since
  from unattached
  inner join openings
    on unattached.disk_id = openings.disk_id
  left join changed
    on unattached.disk_id = changed.disk_id
  left join seen_attached
    on unattached.disk_id = seen_attached.disk_id
),

priced as (
  select
    dated.*,
    prices.currency,
    round(dated.size_gib * prices.unit_price * 730::decimal(3, 0), 10)::decimal(38, 10) as monthly_cost
  from dated
  left join int_resource_prices as prices
    on prices.resource_kind = 'disk'
    and dated.disk_id = prices.resource_id
),

final as (
  select
    'unattached_disk' as rule_id,
    'disk' as resource_kind,
    priced.disk_id as resource_id,
    priced.disk_name as resource_name,
    priced.organization_id,
    priced.project_id,
    priced.location,
    priced.unattached_since as idle_since,
    priced.unattached_since + to_seconds(rules.min_days * 86400) as reportable_from,
    priced.first_seen_at as observed_from,
    'Attached to no VM since ' || strftime(priced.unattached_since, '%Y-%m-%d')
    || ', ' || datesub('day', priced.unattached_since, build.now) || ' days'
    || case
      when priced.size_gib is not null
        then ', with ' || round(priced.size_gib, 2)::decimal(38, 2) || ' GiB'
      else ', of a size that can''t be read'
    end
    || case
      when priced.monthly_cost is null then '; no price is in force for it.'
      else '; at today''s price that is ' || round(priced.monthly_cost, 2)::decimal(38, 2) || ' '
        || priced.currency || ' in a month of 730 hours.'
    end as evidence,
    priced.monthly_cost as monthly_waste,
    case when priced.monthly_cost is not null then priced.currency end as currency
  from priced
  cross join meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'unattached_disk'
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
