/*
description: Disks that VMs hold, all of which are stopped.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: disk.
  resource_id: The disk.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Where it is.
  idle_since: Since when no VM that is up holds it, UTC.
  reportable_from: From when it is long enough to tell, UTC.
  observed_from: When the disk was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: What it costs in a month of 730 hours; null if unpriced.
  currency: The currency of that.
*/
with holders as (
  select
    disk_id,
    vm_id
  from int_disk_attachments
  where attached_to is null
  group by
    disk_id,
    vm_id
),

-- A VM that holds a disk and is not known to be stopped may be using it.
idle_holders as (
  select
    holders.disk_id,
    count(*) as vm_count,
    min({'vm_id': stopped.vm_id, 'vm_name': stopped.vm_name}) as first_vm,
    max(stopped.stopped_since) as last_stopped_at
  from holders
  left join int_stopped_vms as stopped
    on holders.vm_id = stopped.vm_id
  group by holders.disk_id
  having count(stopped.vm_id) = count(*)
),

-- Until a VM let go of it that no longer holds it, that one may have used it.
releases as (
  select
    attachments.disk_id,
    max(attachments.attached_to) as last_released_at
  from int_disk_attachments as attachments
  left join holders
    on attachments.disk_id = holders.disk_id
    and attachments.vm_id = holders.vm_id
  where attachments.attached_to is not null
    and holders.vm_id is null
  group by attachments.disk_id
),

first_seen as (
  select
    disk_id,
    min(valid_from) as first_seen_at
  from stg_disks
  group by disk_id
),

dated as (
  select
    disks.organization_id,
    disks.project_id,
    disks.disk_id,
    disks.disk_name,
    disks.location,
    disks.size_gib,
    idle_holders.vm_count,
    idle_holders.first_vm,
    first_seen.first_seen_at,
    greatest(idle_holders.last_stopped_at, releases.last_released_at, disks.created_at) as idle_since
  from dim_disk as disks
  inner join idle_holders
    on disks.disk_id = idle_holders.disk_id
  inner join first_seen
    on disks.disk_id = first_seen.disk_id
  left join releases
    on disks.disk_id = releases.disk_id
  where disks.is_current
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
    'disk_on_stopped_vms' as rule_id,
    'disk' as resource_kind,
    priced.disk_id as resource_id,
    priced.disk_name as resource_name,
    priced.organization_id,
    priced.project_id,
    priced.location,
    priced.idle_since,
    priced.idle_since + to_seconds(rules.min_days * 86400) as reportable_from,
    priced.first_seen_at as observed_from,
    'Held only by '
    || case
      when priced.vm_count = 1 then 'the stopped VM ' || coalesce(priced.first_vm.vm_name, priced.first_vm.vm_id)
      else priced.vm_count || ' stopped VMs'
    end
    || ' since ' || strftime(priced.idle_since, '%Y-%m-%d')
    || ', ' || datesub('day', priced.idle_since, build.now) || ' days'
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
    on rules.rule_id = 'disk_on_stopped_vms'
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
