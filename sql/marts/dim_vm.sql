/*
description: VMs as they were seen over time, one row for each version.
grain: [vm_id, valid_from]
columns:
  organization_id: The organisation.
  vm_id: The VM.
  vm_name: Its name.
  project_id: The project.
  location: Where it runs, with the zone, such as us-east1-a.
  region: The location without its zone.
  vm_type: Its type, such as a100-80gb.4x.
  gpu_type: The type of its GPUs; null where it has none.
  num_gpu: Its GPUs; 0 where it has none, null for a GPU type of which nothing says how many.
  state: running, stopped, or another word in lower case as the API has it without STATE_.
  reservation_id: The reservation that it occupies; null on demand.
  instance_group_id: The instance group that it belongs to.
  billing_type: How it is billed, as the API says.
  disk_ids: The disks that it holds, by its own entry.
  created_at: When it was made, UTC.
  updated_at: When it was last changed, as of the opening of this version, UTC.
  valid_from: When it was first seen so, UTC.
  valid_to: When it was first seen otherwise or gone; null for what is current.
  is_current: Whether it still stands so.
tests:
  - not_null: [vm_id, valid_from, is_current]
  - relationship: {column: project_id, model: dim_project, to: project_id}
  - range: {column: num_gpu, min: 0}
*/
with final as (
  select
    vms.organization_id,
    vms.vm_id,
    vms.vm_name,
    vms.project_id,
    vms.location,
    vms.region,
    vms.vm_type,
    types.gpu_type,
    types.num_gpu,
    vms.state,
    vms.reservation_id,
    vms.instance_group_id,
    vms.billing_type,
    vms.disk_ids,
    vms.created_at,
    vms.updated_at,
    vms.valid_from,
    vms.valid_to,
    vms.is_current
  from stg_vms as vms
  left join int_resource_types as types
    on lower(vms.vm_type) = types.resource_type_key
)

select
  organization_id,
  vm_id,
  vm_name,
  project_id,
  location,
  region,
  vm_type,
  gpu_type,
  num_gpu,
  state,
  reservation_id,
  instance_group_id,
  billing_type,
  disk_ids,
  created_at,
  updated_at,
  valid_from,
  valid_to,
  is_current
from final
