/*
description: Stopped VMs that keep static public addresses.
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
  monthly_waste: Null, since addresses are not metered.
  currency: The currency of that.
*/
with holding as (
  select
    stopped.*,
    vms.static_addresses
  from int_stopped_vms as stopped
  inner join stg_vms as vms
    on stopped.vm_id = vms.vm_id
    and vms.is_current
  where len(vms.static_addresses) > 0
),

final as (
  select
    'static_address_on_stopped_vm' as rule_id,
    'vm' as resource_kind,
    holding.vm_id as resource_id,
    holding.vm_name as resource_name,
    holding.organization_id,
    holding.project_id,
    holding.location,
    holding.stopped_since as idle_since,
    holding.stopped_since + to_seconds(rules.min_days * 86400) as reportable_from,
    holding.first_seen_at as observed_from,
    'Stopped since ' || strftime(holding.stopped_since, '%Y-%m-%d')
    || ', ' || datesub('day', holding.stopped_since, build.now) || ' days, and still holds the static public '
    || case when len(holding.static_addresses) = 1 then 'address ' else 'addresses ' end
    || array_to_string(holding.static_addresses, ', ')
    || '; the usage that the API meters has no price for addresses.' as evidence,
    null::decimal(38, 10) as monthly_waste,
    null::varchar as currency
  from holding
  cross join meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'static_address_on_stopped_vm'
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
