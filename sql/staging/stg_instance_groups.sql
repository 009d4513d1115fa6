/*
description: Groups of VMs made from a template, one row for each version.
grain: [instance_group_id, valid_from]
columns:
  organization_id: The organisation.
  project_id: The project.
  instance_group_id: The group.
  instance_group_name: Its name.
  state: Its state, in lower case.
  template_id: The template of its VMs.
  desired_count: How many VMs it should have.
  running_count: How many are running.
  active_vm_ids: The VMs that are up.
  inactive_vm_ids: The VMs that are not.
  created_at: When it was made, UTC.
  updated_at: When it was last changed, as of the opening of this version, UTC.
  valid_from: When it was first seen so, UTC.
  valid_to: When it was first seen otherwise or gone; null for what is current.
  is_current: Whether it still stands so.
*/
with final as (
  select
    organization_id,
    project_id,
    id as instance_group_id,
    name as instance_group_name,
    regexp_replace(lower(trim(state)), '^state_', '') as state,
    template_id,
    desired_count,
    running_instance_count as running_count,
    list_sort(list_distinct(coalesce(json_extract_string(active_instances, '$[*]'), []))) as active_vm_ids,
    list_sort(list_distinct(coalesce(json_extract_string(inactive_instances, '$[*]'), []))) as inactive_vm_ids,
    created_at,
    updated_at,
    _valid_from as valid_from,
    _valid_to as valid_to,
    _valid_to is null as is_current
  from raw.instance_groups
  where _valid_to is null or _valid_to > _valid_from
)

select
  organization_id,
  project_id,
  instance_group_id,
  instance_group_name,
  state,
  template_id,
  desired_count,
  running_count,
  active_vm_ids,
  inactive_vm_ids,
  created_at,
  updated_at,
  valid_from,
  valid_to,
  is_current
from final
