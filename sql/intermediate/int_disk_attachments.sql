/*
description: Stretches of time in which a VM held a disk, by the disk's own entry or by the VM's.
grain: [disk_id, vm_id, attached_from, said_by]
columns:
  disk_id: The disk.
  vm_id: The VM.
  attached_from: When it was first seen so, UTC.
  attached_to: When it was first seen otherwise; null where it is so now.
  said_by: disk or vm, whose entry says it.
*/
with by_disk as (
  select
    disk_id,
    unnest(attached_to_vm_ids) as vm_id,
    valid_from as attached_from,
    valid_to as attached_to,
    'disk' as said_by
  from stg_disks
),

by_vm as (
  select
    unnest(disk_ids) as disk_id,
    vm_id,
    valid_from as attached_from,
    valid_to as attached_to,
    'vm' as said_by
  from stg_vms
),

final as (
  select
    disk_id,
    vm_id,
    attached_from,
    attached_to,
    said_by
  from by_disk

  union all

  select
    disk_id,
    vm_id,
    attached_from,
    attached_to,
    said_by
  from by_vm
)

select
  disk_id,
  vm_id,
  attached_from,
  attached_to,
  said_by
from final
where disk_id is not null
  and vm_id is not null
