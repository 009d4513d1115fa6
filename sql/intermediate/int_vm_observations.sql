/*
description: What is known of each VM at instants, by the reads of the inventory and by operations, namely whether it ran up to then and from then on.
grain: [vm_id, observed_at, position]
columns:
  organization_id: The organisation.
  project_id: The project.
  vm_id: The VM.
  observed_at: The instant, UTC.
  position: The order of what is known of one instant.
  said_by: read, gone (the first read that had it no more), created, or operation.
  ran_before: Whether it ran up to then; null where that is not known.
  is_as_before: Whether it went on until then as it was before.
  runs_after: Whether it ran from then on; null where that is not known.
  project_before: The project by the last version of its entry up to then.
  region_before: The region, in one spelling, by the same.
  type_before: The type, in one spelling, by the same.
  project_after: The project by the next version from then on.
  region_after: The region, in one spelling, by the same.
  type_after: The type, in one spelling, by the same.
*/
with reads as (
  select distinct
    organization_id,
    project_id,
    attempted_at
  from stg_read_windows
  where stream = 'vms'
    and status = 'complete'
),

versions as (
  select
    vms.organization_id,
    vms.vm_id,
    vms.project_id,
    {'project': vms.project_id, 'region': regions.match_key, 'type': types.match_key} as key,
    case vms.state when 'running' then true when 'stopped' then false end as is_running,
    vms.created_at,
    vms.valid_from,
    vms.valid_to,
    coalesce(vms.valid_to, timestamp '9999-12-31') as ends_at,
    row_number() over of_vm as version,
    lead(vms.valid_from) over of_vm as next_valid_from
  from stg_vms as vms
  left join int_match_keys as types
    on types.kind = 'type'
    and vms.vm_type = types.spelling
  left join int_match_keys as regions
    on regions.kind = 'region'
    and vms.region = regions.spelling
  window of_vm as (partition by vms.vm_id order by vms.valid_from)
),

last_seen as (
  select
    versions.*,
    greatest(versions.valid_from, reads.attempted_at) as last_seen_at
  from versions
  asof left join reads
    on versions.organization_id = reads.organization_id
    and versions.project_id = reads.project_id
    and versions.ends_at > reads.attempted_at
),

opened as (
  select
    last_seen.*,
    reads.attempted_at as previous_read_at
  from last_seen
  asof left join reads
    on last_seen.organization_id = reads.organization_id
    and last_seen.project_id = reads.project_id
    and last_seen.valid_from > reads.attempted_at
),

operations as (
  select
    operations.resource_id as vm_id,
    operations.organization_id,
    operations.project_id,
    operations.operation_id,
    operations.started_at,
    operations.completed_at,
    case
      when regexp_matches(operations.operation_type, 'restart|reboot|reset', 'i') then 'restart'
      when regexp_matches(operations.operation_type, 'create', 'i') then 'create'
      when regexp_matches(operations.operation_type, 'delete|terminate', 'i') then 'delete'
      when regexp_matches(operations.operation_type, 'stop|shut', 'i') then 'stop'
      when regexp_matches(operations.operation_type, 'start', 'i') then 'start'
    end as action
  from stg_operations as operations
  semi join versions
    on operations.resource_id = versions.vm_id
  where operations.resource_kind = 'vm'
    and operations.state in ('succeeded', 'in_progress')
    and operations.started_at is not null
    and not regexp_matches(operations.operation_type, 'disk|volume|network|interface', 'i')
),

observations as (
  select
    organization_id,
    project_id,
    vm_id,
    valid_from as observed_at,
    'read' as said_by,
    is_running as ran_before,
    false as is_as_before,
    is_running as runs_after,
    key,
    '' as operation_id,
    1 as rank
  from opened

  union all

  select
    organization_id,
    project_id,
    vm_id,
    last_seen_at,
    'read',
    is_running,
    false,
    is_running,
    key,
    '',
    1
  from opened
  where last_seen_at > valid_from

  union all

  select
    organization_id,
    project_id,
    vm_id,
    valid_to,
    'gone',
    false,
    false,
    false,
    key,
    '',
    1
  from opened
  where valid_to is not null
    and (next_valid_from is null or next_valid_from > valid_to)

  union all

  -- What one read did not list and the next one does was made in between.
  select
    organization_id,
    project_id,
    vm_id,
    greatest(created_at, previous_read_at),
    'created',
    false,
    false,
    case when created_at >= previous_read_at and is_running then true end,
    key,
    '',
    0
  from opened
  where version = 1
    and previous_read_at is not null
    and greatest(created_at, previous_read_at) < valid_from
    and vm_id not in (select vm_id from operations where action = 'create')

  union all

  select
    organization_id,
    project_id,
    vm_id,
    started_at,
    'operation',
    case action when 'start' then false when 'stop' then true when 'restart' then true when 'create' then false end,
    action = 'delete',
    null,
    null,
    operation_id,
    2
  from operations
  where action is not null

  union all

  select
    organization_id,
    project_id,
    vm_id,
    completed_at,
    'operation',
    null,
    false,
    action in ('start', 'restart', 'create'),
    null,
    operation_id,
    3
  from operations
  where action is not null
    and completed_at is not null
),

placed as (
  select
    *,
    row_number() over of_vm as position,
    last_value(key ignore nulls) over (of_vm rows between unbounded preceding and current row) as key_so_far,
    first_value(key ignore nulls) over (of_vm rows between current row and unbounded following) as key_to_come
  from observations
  window of_vm as (partition by vm_id order by observed_at, rank, operation_id, said_by)
),

final as (
  select
    organization_id,
    project_id,
    vm_id,
    observed_at,
    position,
    said_by,
    -- Where its type or place changed meanwhile, nobody can say as what it was started.
    case when not ran_before or key_so_far is not distinct from key_to_come then ran_before end as ran_before,
    is_as_before,
    case when not runs_after or key_so_far is not distinct from key_to_come then runs_after end as runs_after,
    coalesce(key_so_far, key_to_come) as key_before,
    coalesce(key_to_come, key_so_far) as key_after
  from placed
)

select
  organization_id,
  project_id,
  vm_id,
  observed_at,
  position,
  said_by,
  ran_before,
  is_as_before,
  runs_after,
  key_before.project as project_before,
  key_before.region as region_before,
  key_before.type as type_before,
  key_after.project as project_after,
  key_after.region as region_after,
  key_after.type as type_after
from final
