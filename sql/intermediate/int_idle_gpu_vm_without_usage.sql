/*
description: GPU VMs that are up but show no usage.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: vm.
  resource_id: The VM.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Where it runs.
  idle_since: Since when it is up and shows no usage, UTC.
  reportable_from: From when it is long enough to tell, UTC.
  observed_from: When the VM was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: What the VM costs in a month of 730 hours; null if unpriced.
  currency: The currency of that.
*/
with final as (
  select
    'gpu_vm_without_usage' as rule_id,
    'vm' as resource_kind,
    vm_id as resource_id,
    vm_name as resource_name,
    organization_id,
    project_id,
    location,
    idle_since,
    reportable_from,
    first_seen_at as observed_from,
    'Running with ' || num_gpu || case when num_gpu = 1 then ' GPU' else ' GPUs' end || ', while ' || absence as evidence,
    monthly_cost as monthly_waste,
    currency
  from int_vms_without_usage
  where num_gpu > 0
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
