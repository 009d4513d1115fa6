/*
description: Instance groups that exist now in projects whose groups and VMs were read well last time, with how far they are from what they should be, and since when.
grain: [instance_group_id]
columns:
  organization_id: The organisation.
  project_id: The project.
  instance_group_id: The group.
  instance_group_name: Its name.
  location: Where its VMs are, or its template would put them.
  desired_count: How many VMs it should have.
  running_count: How many are running.
  vm_count: How many it has, in any state.
  is_empty: Whether it has none.
  empty_since: Since when it has none, UTC; null where it has some.
  is_above_desired: Whether more are running than it should have.
  above_since: Since when that is so, UTC; null where it is not.
  first_seen_at: When the group was first seen, UTC.
*/
with readable as (
  select
    organization_id,
    project_id
  from int_inventory_reads
  where stream in ('instance_groups', 'vms')
    and is_last_complete
  group by
    organization_id,
    project_id
  having count(*) = 2
),

versions as (
  select
    *,
    coalesce(running_count, len(active_vm_ids)) as running,
    coalesce(running_count, 0) = 0 and len(active_vm_ids) = 0 and len(inactive_vm_ids) = 0 as is_empty,
    coalesce(coalesce(running_count, len(active_vm_ids)) > desired_count, false) as is_above,
    min(valid_from) over (partition by instance_group_id) as first_seen_at
  from stg_instance_groups
),

last_others as (
  select
    instance_group_id,
    max(valid_from) filter (where not is_empty) as last_filled_from,
    max(valid_from) filter (where not is_above) as last_within_from
  from versions
  group by instance_group_id
),

-- The version with which the present condition opened, and the one before it.
openings as (
  select
    versions.instance_group_id,
    min(versions.valid_from) filter (
      where versions.valid_from > coalesce(others.last_filled_from, timestamp '0001-01-01')
    ) as empty_from,
    min(versions.valid_from) filter (
      where versions.valid_from > coalesce(others.last_within_from, timestamp '0001-01-01')
    ) as above_from
  from versions
  inner join last_others as others
    on versions.instance_group_id = others.instance_group_id
  group by versions.instance_group_id
),

changed as (
  select
    openings.instance_group_id,
    max(versions.updated_at) filter (where versions.valid_from = openings.empty_from) as empty_updated_at,
    max(versions.updated_at) filter (where versions.valid_from = openings.above_from) as above_updated_at
  from openings
  inner join versions
    on openings.instance_group_id = versions.instance_group_id
  group by openings.instance_group_id
),

-- By the reading before the one that found it so, it was otherwise.
seen_otherwise as (
  select
    versions.instance_group_id,
    max(reads.attempted_at) filter (
      where others.last_filled_from is not null and reads.attempted_at < openings.empty_from
    ) as filled_at,
    max(reads.attempted_at) filter (
      where others.last_within_from is not null and reads.attempted_at < openings.above_from
    ) as within_at
  from versions
  inner join openings
    on versions.instance_group_id = openings.instance_group_id
  inner join last_others as others
    on versions.instance_group_id = others.instance_group_id
  inner join stg_read_windows as reads
    on versions.organization_id = reads.organization_id
    and versions.project_id = reads.project_id
    and reads.stream = 'instance_groups'
    and reads.status = 'complete'
  where versions.is_current
  group by versions.instance_group_id
),

members as (
  select
    instance_group_id,
    count(*) filter (where is_current) as vm_count,
    max(valid_to) as last_gone_at,
    min(location) filter (where is_current) as location
  from stg_vms
  where instance_group_id is not null
  group by instance_group_id
),

templates as (
  select
    template_id,
    location
  from stg_instance_templates
  where is_current
),

final as (
  select
    versions.organization_id,
    versions.project_id,
    versions.instance_group_id,
    versions.instance_group_name,
    coalesce(members.location, templates.location) as location,
    versions.desired_count,
    versions.running as running_count,
    greatest(coalesce(members.vm_count, 0), len(versions.active_vm_ids) + len(versions.inactive_vm_ids)) as vm_count,
    versions.is_empty and coalesce(members.vm_count, 0) = 0 as is_empty,
    case
      when versions.is_empty and coalesce(members.vm_count, 0) = 0
        then greatest(
          least(openings.empty_from, changed.empty_updated_at),
          versions.created_at,
          seen_otherwise.filled_at,
          members.last_gone_at
        )
    end as empty_since,
    versions.is_above as is_above_desired,
    case
      when versions.is_above
        then greatest(
          least(openings.above_from, changed.above_updated_at),
          versions.created_at,
          seen_otherwise.within_at
        )
    end as above_since,
    versions.first_seen_at
  from versions
  inner join readable
    on versions.organization_id = readable.organization_id
    and versions.project_id = readable.project_id
  inner join openings
    on versions.instance_group_id = openings.instance_group_id
  inner join changed
    on versions.instance_group_id = changed.instance_group_id
  left join seen_otherwise
    on versions.instance_group_id = seen_otherwise.instance_group_id
  left join members
    on versions.instance_group_id = members.instance_group_id
  left join templates
    on versions.template_id = templates.template_id
  where versions.is_current
)

select
  organization_id,
  project_id,
  instance_group_id,
  instance_group_name,
  location,
  desired_count,
  running_count,
  vm_count,
  is_empty,
  empty_since,
  is_above_desired,
  above_since,
  first_seen_at
from final
