/*
description: VM types as the API has listed them, one row for each version.
grain: [vm_type, valid_from]
columns:
  vm_type: The product's name, such as a100-80gb.4x.
  gpu_type: The GPU's type; null where the type has no GPU.
  num_gpu: GPUs of one VM; null where the API does not say.
  cpu_cores: CPU cores.
  cpu_type: The CPU's make.
  memory_gb: Memory in GB.
  disk_gb: Ephemeral disk in GB.
  description: The API's description.
  valid_from: When it was first seen so, UTC.
  valid_to: When it was first seen otherwise or gone; null for what is current.
  is_current: Whether the API lists it so now.
tests:
  - not_null: [vm_type, valid_from, is_current]
*/
with organizations as (
  -- The same types are offered to every organisation; where several were asked, one speaks for each type.
  select
    vm_type,
    organization_id
  from stg_vm_types
  qualify row_number() over (
    partition by vm_type
    order by is_current desc, valid_from desc, organization_id
  ) = 1
),

final as (
  select
    types.vm_type,
    types.gpu_type,
    types.num_gpu,
    types.cpu_cores,
    types.cpu_type,
    types.memory_gb,
    types.disk_gb,
    types.description,
    types.valid_from,
    types.valid_to,
    types.is_current
  from stg_vm_types as types
  inner join organizations
    on types.vm_type = organizations.vm_type
    and types.organization_id is not distinct from organizations.organization_id
)

select
  vm_type,
  gpu_type,
  num_gpu,
  cpu_cores,
  cpu_type,
  memory_gb,
  disk_gb,
  description,
  valid_from,
  valid_to,
  is_current
from final
