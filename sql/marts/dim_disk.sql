/*
description: Disks as they were seen over time, one row for each version, with the VMs that held them.
grain: [disk_id, valid_from]
columns:
  organization_id: The organisation.
  disk_id: The disk.
  disk_name: Its name.
  project_id: The project.
  location: Where it is, with the zone.
  region: The location without its zone.
  disk_type: Its type, such as persistent-ssd.
  size_gib: Its size in GiB; null where the API's text can't be read.
  attached_vm_id: The first of the VMs that hold it; null where none does.
  attached_vm_ids: The VMs that hold it at the end of this version, or now, by its entry or by theirs.
  created_at: When it was made, UTC.
  updated_at: When it was last changed, as of the opening of this version, UTC.
  valid_from: When it was first seen so, UTC.
  valid_to: When it was first seen otherwise or gone; null for what is current.
  is_current: Whether it still stands so.
tests:
  - not_null: [disk_id, valid_from, is_current]
  - not_null: [size_gib]
    severity: warn
  - relationship: {column: project_id, model: dim_project, to: project_id}
  - range: {column: size_gib, min: 0}
*/
with holders as (
  select
    disks.disk_id,
    disks.valid_from,
    list_sort(list(distinct attachments.vm_id)) as vm_ids
  from stg_disks as disks
  inner join int_disk_attachments as attachments
    on disks.disk_id = attachments.disk_id
    and attachments.attached_from < coalesce(disks.valid_to, timestamp '9999-12-31')
    and coalesce(attachments.attached_to, timestamp '9999-12-31') >= coalesce(disks.valid_to, timestamp '9999-12-31')
  group by
    disks.disk_id,
    disks.valid_from
),

final as (
  select
    disks.organization_id,
    disks.disk_id,
    disks.disk_name,
    disks.project_id,
    disks.location,
    disks.region,
    disks.disk_type,
    disks.size_gib,
    holders.vm_ids[1] as attached_vm_id,
    coalesce(holders.vm_ids, []) as attached_vm_ids,
    disks.created_at,
    disks.updated_at,
    disks.valid_from,
    disks.valid_to,
    disks.is_current
  from stg_disks as disks
  left join holders
    on disks.disk_id = holders.disk_id
    and disks.valid_from = holders.valid_from
)

select
  organization_id,
  disk_id,
  disk_name,
  project_id,
  location,
  region,
  disk_type,
  size_gib,
  attached_vm_id,
  attached_vm_ids,
  created_at,
  updated_at,
  valid_from,
  valid_to,
  is_current
from final
