/*
description: The state in which each VM is now, and since when.
grain: [vm_id]
columns:
  vm_id: The VM.
  state: Its state.
  state_since: Since when it has been in it, as closely as what was read tells, UTC.
  first_seen_at: When the VM was first seen, UTC.
*/
with versions as (
  select
    organization_id,
    project_id,
    vm_id,
    state,
    created_at,
    updated_at,
    valid_from,
    is_current,
    lag(state) over of_vm as previous_state,
    row_number() over of_vm as version
  from stg_vms
  window of_vm as (partition by vm_id order by valid_from)
),

-- A run of versions in one state opens where the state changes.
openings as (
  select
    *,
    max(version) filter (where version = 1 or state is distinct from previous_state) over (
      partition by vm_id
    ) as opening_version
  from versions
),

current_versions as (
  select
    vm_id,
    state
  from openings
  where is_current
),

opened as (
  select
    openings.*,
    openings.version > 1 as has_other_state_before
  from openings
  where openings.version = openings.opening_version
),

-- In another state it was seen last by the read before the one that found this state.
seen_before as (
  select
    opened.vm_id,
    max(reads.attempted_at) as last_seen_at
  from opened
  inner join stg_read_windows as reads
    on opened.organization_id = reads.organization_id
    and opened.project_id = reads.project_id
    and opened.valid_from > reads.attempted_at
  where opened.has_other_state_before
    and reads.stream = 'vms'
    and reads.status = 'complete'
  group by opened.vm_id
),

first_seen as (
  select
    vm_id,
    min(valid_from) as first_seen_at
  from stg_vms
  group by vm_id
),

final as (
  select
    current_versions.vm_id,
    current_versions.state,
    greatest(
      least(opened.valid_from, opened.updated_at),
      opened.created_at,
      seen_before.last_seen_at
    ) as state_since,
    first_seen.first_seen_at
  from current_versions
  inner join opened
    on current_versions.vm_id = opened.vm_id
  inner join first_seen
    on current_versions.vm_id = first_seen.vm_id
  left join seen_before
    on current_versions.vm_id = seen_before.vm_id
)

select
  vm_id,
  state,
  state_since,
  first_seen_at
from final
