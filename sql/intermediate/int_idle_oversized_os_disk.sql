/*
description: Disks that VMs start from and that are larger than the threshold. How full they are, the API does not tell.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: disk.
  resource_id: The disk.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Where it is.
  idle_since: Since when it is larger, UTC.
  reportable_from: From when it is long enough to tell, UTC.
  observed_from: When the disk was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: What the GiB above the threshold cost in a month of 730 hours; null if unpriced.
  currency: The currency of that.
*/
with os_disks as (
  select unnest(os_disk_ids) as disk_id
  from stg_vms
  where is_current

  union

  select said.disk_id
  from (
    select
      disk_id,
      unnest(os_of_vm_ids) as vm_id
    from stg_disks
    where is_current
  ) as said
  inner join stg_vms as vms
    on said.vm_id = vms.vm_id
    and vms.is_current
),

-- Since when it is so large: the version that opens the last run of versions above the threshold.
versions as (
  select
    disks.disk_id,
    disks.size_gib > rules.threshold as is_oversized,
    disks.created_at,
    disks.updated_at,
    disks.valid_from,
    lag(disks.size_gib > rules.threshold) over of_disk as was_oversized,
    row_number() over of_disk as version
  from stg_disks as disks
  inner join os_disks
    on disks.disk_id = os_disks.disk_id
  inner join int_idle_rules as rules
    on rules.rule_id = 'oversized_os_disk'
  window of_disk as (partition by disks.disk_id order by disks.valid_from)
),

openings as (
  select
    disk_id,
    max({
      'version': version,
      'valid_from': valid_from,
      'updated_at': updated_at,
      'created_at': created_at
    }) filter (where is_oversized and not coalesce(was_oversized, false)) as opening,
    min(valid_from) as first_seen_at
  from versions
  group by disk_id
),

-- By the read before the one that found it so large it was smaller.
seen_smaller as (
  select
    openings.disk_id,
    max(reads.attempted_at) as last_seen_at
  from openings
  inner join dim_disk as disks
    on openings.disk_id = disks.disk_id
    and disks.is_current
  inner join stg_read_windows as reads
    on disks.organization_id = reads.organization_id
    and disks.project_id = reads.project_id
    and openings.opening.valid_from > reads.attempted_at
  where reads.stream = 'disks'
    and reads.status = 'complete'
    and openings.opening.version > 1
  group by openings.disk_id
),

dated as (
  select
    openings.disk_id,
    openings.first_seen_at,
    case
      -- It was so when it was first seen, and so most likely ever since it was made.
      when openings.opening.version = 1 then coalesce(openings.opening.created_at, openings.opening.valid_from)
      else greatest(
        least(openings.opening.valid_from, openings.opening.updated_at),
        openings.opening.created_at,
        seen_smaller.last_seen_at
      )
    end as oversized_since
  from openings
  left join seen_smaller
    on openings.disk_id = seen_smaller.disk_id
),

oversized as (
  select
    disks.organization_id,
    disks.project_id,
    disks.disk_id,
    disks.disk_name,
    disks.location,
    disks.size_gib,
    disks.attached_vm_ids,
    rules.min_days,
    rules.threshold,
    dated.oversized_since,
    dated.first_seen_at
  from dim_disk as disks
  inner join dated
    on disks.disk_id = dated.disk_id
  inner join int_idle_rules as rules
    on rules.rule_id = 'oversized_os_disk'
  where disks.is_current
    and disks.size_gib > rules.threshold
),

priced as (
  select
    oversized.*,
    prices.currency,
    round(
      (oversized.size_gib - oversized.threshold)::decimal(28, 9) * prices.unit_price * 730::decimal(3, 0),
      10
    )::decimal(38, 10) as monthly_cost
  from oversized
  left join int_resource_prices as prices
    on prices.resource_kind = 'disk'
    and oversized.disk_id = prices.resource_id
),

final as (
  select
    'oversized_os_disk' as rule_id,
    'disk' as resource_kind,
    priced.disk_id as resource_id,
    priced.disk_name as resource_name,
    priced.organization_id,
    priced.project_id,
    priced.location,
    priced.oversized_since as idle_since,
    priced.oversized_since + to_seconds(priced.min_days * 86400) as reportable_from,
    priced.first_seen_at as observed_from,
    'An OS disk of ' || round(priced.size_gib, 2)::decimal(38, 2) || ' GiB since '
    || strftime(priced.oversized_since, '%Y-%m-%d') || ', '
    || datesub('day', priced.oversized_since, build.now) || ' days, where '
    || round(priced.threshold, 2)::decimal(38, 2) || ' GiB are thought to do'
    || case
      when priced.monthly_cost is null then '; no price is in force for it.'
      else '; at today''s price what is above is ' || round(priced.monthly_cost, 2)::decimal(38, 2) || ' '
        || priced.currency || ' in a month of 730 hours.'
    end as evidence,
    priced.monthly_cost as monthly_waste,
    case when priced.monthly_cost is not null then priced.currency end as currency
  from priced
  cross join meta.build as build
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
