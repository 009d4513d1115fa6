/*
description: Stretches of time with what each VM and disk can have counted for in them, from least to most. Time in which it counts for nothing has no row.
grain: [resource_kind, resource_id, position, region, resource_type, project_id]
columns:
  organization_id: The organisation.
  project_id: The project.
  region: The region in one spelling.
  resource_type: The type in one spelling.
  resource_kind: vm or disk.
  resource_id: The VM or disk.
  position: The stretch's number within the resource's life.
  starts_at: When it begins, UTC.
  ends_at: When it ends, UTC.
  least: What it counts for as it was seen, at least, in billionths of an instance or of a GiB.
  most: The same, at most.
  proven_least: The same, where one that was seen alike twice may have been otherwise in between.
  proven_most: The same, at most.
  is_change: Whether it is known to have changed within the stretch, or at its beginning.
*/
with vm_pairs as (
  select
    organization_id,
    vm_id,
    position,
    said_by,
    observed_at as starts_at,
    lead(observed_at) over of_vm as ends_at,
    runs_after,
    case when lead(is_as_before) over of_vm then runs_after else lead(ran_before) over of_vm end as next_ran_before,
    {'project': project_before, 'region': region_before, 'type': type_before} as key_before,
    lead({'project': project_after, 'region': region_after, 'type': type_after}) over of_vm as key_after
  from int_vm_observations
  window of_vm as (partition by vm_id order by position)
),

vm_stretches as (
  select
    pairs.organization_id,
    pairs.vm_id,
    pairs.position,
    pairs.said_by,
    pairs.starts_at,
    pairs.ends_at,
    pairs.runs_after,
    pairs.next_ran_before,
    unnest(list_distinct([pairs.key_before, pairs.key_after])) as key,
    pairs.key_before = pairs.key_after as is_one_key
  from vm_pairs as pairs
  where pairs.starts_at < pairs.ends_at
),

vm_judged as (
  select
    stretches.*,
    trusted.project_id is not null as is_told,
    stretches.is_one_key and stretches.runs_after and stretches.next_ran_before as ran_throughout,
    not stretches.runs_after and not stretches.next_ran_before as stood_throughout
  from vm_stretches as stretches
  left join int_operations_trusted as trusted
    on stretches.organization_id = trusted.organization_id
    and stretches.key.project = trusted.project_id
    and stretches.starts_at >= trusted.trusted_from
    and stretches.ends_at <= trusted.trusted_to
),

disk_reads as (
  select distinct
    organization_id,
    project_id,
    attempted_at
  from stg_read_windows
  where stream = 'disks'
    and status = 'complete'
),

disk_versions as (
  select
    disks.organization_id,
    disks.project_id,
    disks.disk_id,
    regions.match_key as region,
    types.match_key as resource_type,
    (disks.size_gib * 1000000000)::hugeint as size,
    disks.created_at,
    disks.valid_from,
    disks.valid_to,
    coalesce(disks.valid_to, timestamp '9999-12-31') as ends_at,
    row_number() over of_disk as version,
    lead(disks.valid_from) over of_disk as next_valid_from,
    lead((disks.size_gib * 1000000000)::hugeint) over of_disk as next_size
  from stg_disks as disks
  left join int_match_keys as types
    on types.kind = 'type'
    and disks.disk_type = types.spelling
  left join int_match_keys as regions
    on regions.kind = 'region'
    and disks.region = regions.spelling
  window of_disk as (partition by disks.disk_id order by disks.valid_from)
),

disk_last_seen as (
  select
    versions.*,
    greatest(versions.valid_from, reads.attempted_at) as last_seen_at
  from disk_versions as versions
  asof left join disk_reads as reads
    on versions.organization_id = reads.organization_id
    and versions.project_id = reads.project_id
    and versions.ends_at > reads.attempted_at
),

disk_opened as (
  select
    last_seen.*,
    reads.attempted_at as previous_read_at
  from disk_last_seen as last_seen
  asof left join disk_reads as reads
    on last_seen.organization_id = reads.organization_id
    and last_seen.project_id = reads.project_id
    and last_seen.valid_from > reads.attempted_at
),

disk_stretches as (
  select
    *,
    valid_from as starts_at,
    last_seen_at as stretch_ends_at,
    version * 3 as position,
    size as least,
    size as most,
    size as proven_least,
    false as is_change
  from disk_opened

  union all

  -- Between the read that saw it last so and the one that saw it otherwise, or no more.
  select
    *,
    last_seen_at,
    valid_to,
    version * 3 + 1,
    case when next_valid_from = valid_to then least(size, next_size) else 0 end,
    case when next_valid_from = valid_to then greatest(size, next_size) else size end,
    case when next_valid_from = valid_to then least(size, next_size) else 0 end,
    next_valid_from is distinct from valid_to or size is distinct from next_size
  from disk_opened
  where valid_to is not null

  union all

  select
    *,
    greatest(created_at, previous_read_at),
    valid_from,
    version * 3 - 1,
    case when created_at >= previous_read_at then size else 0 end,
    size,
    -- It may have been smaller before it was first seen.
    0,
    true
  from disk_opened
  where version = 1
    and previous_read_at is not null
),

final as (
  select
    organization_id,
    key.project as project_id,
    key.region as region,
    key.type as resource_type,
    'vm' as resource_kind,
    vm_id as resource_id,
    position,
    starts_at,
    ends_at,
    (case when coalesce(ran_throughout, false) then 1000000000 else 0 end)::hugeint as least,
    (case when coalesce(stood_throughout, false) then 0 else 1000000000 end)::hugeint as most,
    (case when coalesce(ran_throughout, false) and is_told then 1000000000 else 0 end)::hugeint as proven_least,
    (
      case
        when coalesce(stood_throughout, false) and (is_told or said_by = 'gone') then 0
        else 1000000000
      end
    )::hugeint as proven_most,
    said_by = 'created' or (not coalesce(ran_throughout, false) and not coalesce(stood_throughout, false)) as is_change
  from vm_judged

  union all

  select
    organization_id,
    project_id,
    region,
    resource_type,
    'disk',
    disk_id,
    position,
    starts_at,
    stretch_ends_at,
    least,
    most,
    proven_least,
    most,
    is_change
  from disk_stretches
  where starts_at < stretch_ends_at
)

select
  organization_id,
  project_id,
  region,
  resource_type,
  resource_kind,
  resource_id,
  position,
  starts_at,
  ends_at,
  least,
  most,
  proven_least,
  proven_most,
  is_change
from final
where proven_most > 0
