/*
description: VM types as the API lists them, one row for each version and organisation.
grain: [organization_id, vm_type, valid_from]
columns:
  organization_id: The organisation that was asked.
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
  is_current: Whether it still stands so.
*/
with final as (
  select
    organization_id,
    product_name as vm_type,
    case when num_gpu = 0 then null else nullif(trim(gpu_type), '') end as gpu_type,
    num_gpu::integer as num_gpu,
    cpu_cores,
    cpu_type,
    memory_gb,
    disk_gb,
    description,
    _valid_from as valid_from,
    _valid_to as valid_to,
    _valid_to is null as is_current
  from raw.vm_types
  where _valid_to is null or _valid_to > _valid_from
)

select
  organization_id,
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
