/*
description: Projects whose VM operations tell every change that was seen in the inventory, and the time for which they do. The API need not list other users' operations, so a list without one proves nothing elsewhere.
grain: [organization_id, project_id]
columns:
  organization_id: The organisation.
  project_id: The project.
  trusted_from: From when on every change is told, UTC.
  trusted_to: Until when, UTC.
*/
with first_seen as (
  select
    organization_id,
    operation_id,
    min(_valid_from) as first_seen_at,
    max(completed_at) as completed_at
  from raw.vm_operations
  group by
    organization_id,
    operation_id
),

-- An operation that was first seen so long after its end was kept for so long.
kept as (
  select
    organization_id,
    max(first_seen_at - completed_at) as kept_for
  from first_seen
  where completed_at <= first_seen_at
  group by organization_id
),

reads as (
  select
    organization_id,
    project_id,
    attempted_at,
    lag(attempted_at) over (partition by organization_id, project_id order by attempted_at) as previous_at
  from (
    select distinct
      organization_id,
      project_id,
      attempted_at
    from stg_read_windows
    where stream = 'vm_operations'
      and status = 'complete'
  ) as operation_reads
),

-- Where what was kept did not reach back to the read before, what is told begins anew.
covered as (
  select
    reads.organization_id,
    reads.project_id,
    max(
      case
        when reads.previous_at is null or reads.attempted_at - kept.kept_for > reads.previous_at
          then reads.attempted_at - kept.kept_for
      end
    ) as trusted_from,
    max(reads.attempted_at) as trusted_to
  from reads
  inner join kept
    on reads.organization_id = kept.organization_id
  group by
    reads.organization_id,
    reads.project_id
),

ordered as (
  select
    *,
    lead(said_by) over of_vm as next_said_by,
    lead(observed_at) over of_vm as next_observed_at,
    lead(ran_before) over of_vm as next_ran_before
  from int_vm_observations
  where said_by <> 'operation'
  window of_vm as (partition by vm_id order by position)
),

changes as (
  select
    project_before as project_id,
    organization_id,
    vm_id,
    observed_at as changed_after,
    next_observed_at as changed_before
  from ordered
  where said_by = 'created'
    or next_said_by = 'gone'
    or runs_after <> next_ran_before
),

completed as (
  select
    vm_id,
    observed_at as completed_at
  from int_vm_observations
  where said_by = 'operation'
),

untold as (
  select
    changes.organization_id,
    changes.project_id
  from changes
  inner join covered
    on changes.organization_id = covered.organization_id
    and changes.project_id = covered.project_id
    and changes.changed_after >= covered.trusted_from
    and changes.changed_before <= covered.trusted_to
  -- The lists of one run are read some minutes after the instant that they are dated.
  where not exists (
    select 1
    from completed
    where completed.vm_id = changes.vm_id
      and completed.completed_at between changes.changed_after and changes.changed_before + interval 1 hour
  )
),

final as (
  select
    organization_id,
    project_id,
    trusted_from,
    trusted_to
  from covered
  where (organization_id, project_id) not in (select (organization_id, project_id) from untold)
)

select
  organization_id,
  project_id,
  trusted_from,
  trusted_to
from final
