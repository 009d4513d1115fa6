/*
description: Stopped VMs that keep disks which no other VM uses.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: vm.
  resource_id: The VM.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Where it is.
  idle_since: Since when it is stopped, UTC.
  reportable_from: From when it is long enough to tell, UTC.
  observed_from: When the VM was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: What its disks cost in a month of 730 hours; null unless all are priced.
  currency: The currency of that.
  waste_by_resource: What each of the disks costs that it is counted for.
*/
with holdings as (
  select distinct
    disk_id,
    vm_id
  from int_disk_attachments
  where attached_to is null
),

-- A disk that a VM in use holds too would be paid for anyway.
used_disks as (
  select distinct
    holdings.disk_id
  from holdings
  inner join dim_vm as vms
    on holdings.vm_id = vms.vm_id
    and vms.is_current
  where vms.state is distinct from 'stopped'
),

held as (
  select
    stopped.vm_id,
    holdings.disk_id,
    -- Of several stopped VMs that share a disk one carries its cost, so that it is counted once.
    row_number() over (partition by holdings.disk_id order by stopped.vm_id) = 1 as is_carrier
  from int_stopped_vms as stopped
  inner join holdings
    on stopped.vm_id = holdings.vm_id
  left join used_disks
    on holdings.disk_id = used_disks.disk_id
  where used_disks.disk_id is null
),

sized as (
  select
    held.vm_id,
    held.disk_id,
    held.is_carrier,
    disks.size_gib,
    prices.currency,
    round(disks.size_gib * prices.unit_price * 730::decimal(3, 0), 10)::decimal(38, 10) as monthly_cost
  from held
  left join dim_disk as disks
    on held.disk_id = disks.disk_id
    and disks.is_current
  left join int_resource_prices as prices
    on prices.resource_kind = 'disk'
    and held.disk_id = prices.resource_id
),

summed as (
  select
    vm_id,
    count(*) as disk_count,
    count(*) filter (where monthly_cost is null) as unpriced_count,
    sum(size_gib) as size_gib,
    count(distinct currency) as currency_count,
    min(currency) as currency,
    sum(case when is_carrier then monthly_cost else 0 end) as monthly_cost,
    map_from_entries(
      coalesce(
        list({'k': 'disk:' || disk_id, 'v': monthly_cost} order by disk_id) filter (where is_carrier and monthly_cost is not null),
        []
      )
    ) as waste_by_resource
  from sized
  group by vm_id
),

final as (
  select
    'stopped_vm_with_disks' as rule_id,
    'vm' as resource_kind,
    stopped.vm_id as resource_id,
    stopped.vm_name as resource_name,
    stopped.organization_id,
    stopped.project_id,
    stopped.location,
    stopped.stopped_since as idle_since,
    stopped.stopped_since + to_seconds(rules.min_days * 86400) as reportable_from,
    stopped.first_seen_at as observed_from,
    'Stopped since ' || strftime(stopped.stopped_since, '%Y-%m-%d')
    || ', ' || datesub('day', stopped.stopped_since, build.now) || ' days, and still holds '
    || summed.disk_count || case when summed.disk_count = 1 then ' disk' else ' disks' end
    || case
      when summed.size_gib is not null then ' of ' || round(summed.size_gib, 2)::decimal(38, 2) || ' GiB in all'
      else ''
    end
    || case
      when summed.unpriced_count > 0
        then '; no price is in force for ' || summed.unpriced_count || ' of them.'
      when summed.currency_count > 1
        then '; their prices are in more than one currency.'
      else '; at today''s prices that is ' || round(summed.monthly_cost, 2)::decimal(38, 2) || ' '
        || summed.currency || ' in a month of 730 hours.'
    end as evidence,
    case
      when summed.unpriced_count = 0 and summed.currency_count = 1 then summed.monthly_cost
    end::decimal(38, 10) as monthly_waste,
    case
      when summed.unpriced_count = 0 and summed.currency_count = 1 then summed.currency
    end as currency,
    summed.waste_by_resource
  from int_stopped_vms as stopped
  inner join summed
    on stopped.vm_id = summed.vm_id
  cross join meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'stopped_vm_with_disks'
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
  currency,
  waste_by_resource
from final
