/*
description: The VMs that are stopped now, and since when.
grain: [vm_id]
columns:
  organization_id: The organisation.
  project_id: The project.
  vm_id: The VM.
  vm_name: Its name.
  location: Where it is.
  first_seen_at: When it was first seen, UTC.
  stopped_since: Since when it is stopped, as closely as inventory and usage tell, UTC.
*/
with final as (
  select
    vms.organization_id,
    vms.project_id,
    vms.vm_id,
    vms.vm_name,
    vms.location,
    states.first_seen_at,
    -- A VM that was metered on a later day was up on it, whatever its entry says; on the very day of its stop
    -- it is metered up to the stop.
    case
      when usage.last_usage_date > states.state_since::date then (usage.last_usage_date + 1)::timestamp
      else states.state_since
    end as stopped_since
  from dim_vm as vms
  inner join int_vm_states as states
    on vms.vm_id = states.vm_id
  left join int_resource_last_usage as usage
    on vms.vm_id = usage.resource_id
  where vms.is_current
    and vms.state = 'stopped'
)

select
  organization_id,
  project_id,
  vm_id,
  vm_name,
  location,
  first_seen_at,
  stopped_since
from final
