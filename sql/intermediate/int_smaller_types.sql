/*
description: For each GPU VM that is up outside of reservations, the smallest type on offer with the same GPU and at least half as many of them.
grain: [vm_id]
columns:
  vm_id: The VM.
  vm_type: The smaller type.
  num_gpu: The GPUs of one VM of it.
*/
with families as (
  select distinct
    organization_id,
    vm_type,
    -- What types of one line share: the name without the number of GPUs.
    regexp_replace(lower(vm_type), '\.[0-9]+x$', '') as family,
    gpu_type,
    num_gpu
  from stg_vm_types
  where is_current
    and num_gpu > 0
),

final as (
  select
    vms.vm_id,
    families.vm_type,
    families.num_gpu
  from dim_vm as vms
  inner join families
    on vms.organization_id = families.organization_id
    and regexp_replace(lower(vms.vm_type), '\.[0-9]+x$', '') = families.family
    and vms.gpu_type = families.gpu_type
    and vms.num_gpu > families.num_gpu
    and vms.num_gpu <= families.num_gpu * 2
  where vms.is_current
    and vms.state = 'running'
    and vms.reservation_id is null
  qualify row_number() over (
    partition by vms.vm_id
    order by families.num_gpu, families.vm_type
  ) = 1
)

select
  vm_id,
  vm_type,
  num_gpu
from final
