/*
description: Where usage lies outside of what the inventory allows for, with what explains it.
grain: [series_id, usage_date]
columns:
  series_id: The series.
  usage_date: The UTC day.
  status: explained, unexplained or not_comparable.
  explanation: Why, in words.
*/
with apart as (
  select
    sides.*,
    series.organization_id,
    series.project_id,
    series.type_key,
    series.inventory_kind,
    (case when series.inventory_kind = 'vm' then sides.change_count * series.units else 0 end)::decimal(18, 0)
      as hours_of_changes
  from int_usage_sides as sides
  inner join int_usage_series as series
    on sides.series_id = series.series_id
  where sides.inventory_outcome = 'apart'
),

-- What disks count for is not promised: a type of disk whose usage never agreed is counted in another way.
disks_that_agreed as (
  select distinct
    series.organization_id,
    series.type_key
  from int_usage_sides as sides
  inner join int_usage_series as series
    on sides.series_id = series.series_id
  where series.inventory_kind = 'disk'
    and sides.inventory_outcome = 'agrees'
    and sides.usage_quantity > 0
),

-- Who was changed within the day may have been of another type for a while.
updated as (
  select distinct
    organization_id,
    project_id,
    unnest([started_at::date, completed_at::date, completed_at::date + 1]) as usage_date
  from stg_operations
  where resource_kind = 'vm'
    and state = 'succeeded'
    and regexp_matches(operation_type, 'update|resize|modify|change', 'i')
),

versions as (
  select
    organization_id,
    vm_id as resource_id,
    vm_type as resource_type,
    valid_from,
    coalesce(valid_to, timestamp '9999-12-31') as valid_to
  from stg_vms

  union all

  select
    organization_id,
    disk_id,
    disk_type,
    valid_from,
    coalesce(valid_to, timestamp '9999-12-31')
  from stg_disks
),

seen as (
  select
    versions.organization_id,
    versions.resource_id,
    types.match_key as type_key,
    versions.valid_from,
    versions.valid_to
  from versions
  inner join int_match_keys as types
    on types.kind = 'type'
    and versions.resource_type = types.spelling
),

-- By resource it shows which usage is of what no read of the inventory had in it on that day.
by_resource as (
  select
    apart.series_id,
    apart.usage_date,
    apart.organization_id,
    apart.type_key,
    usage.resource_id,
    sum(usage.quantity) as quantity
  from apart
  inner join int_usage_series_names as names
    on apart.series_id = names.series_id
  inner join fct_resource_usage_daily as usage
    on apart.usage_date = usage.usage_date
    and names.organization_id = usage.organization_id
    and names.project_id = usage.project_id
    and names.region = coalesce(usage.region, '')
    and names.resource_type = usage.resource_type
    and names.billable_metric = coalesce(usage.billable_metric, '')
  where apart.usage_quantity > apart.proven_most + apart.inventory_tolerance
  group by
    apart.series_id,
    apart.usage_date,
    apart.organization_id,
    apart.type_key,
    usage.resource_id
),

known as (
  select
    by_resource.series_id,
    by_resource.usage_date,
    by_resource.quantity,
    exists (
      select 1
      from seen
      where seen.organization_id = by_resource.organization_id
        and seen.resource_id = by_resource.resource_id
        and seen.type_key = by_resource.type_key
        and seen.valid_from < by_resource.usage_date + interval 1 day
        and seen.valid_to > by_resource.usage_date
    ) as is_seen
  from by_resource
),

unseen as (
  select
    series_id,
    usage_date,
    count(*) filter (where not is_seen) as unseen_count,
    coalesce(sum(quantity) filter (where not is_seen), 0)::decimal(38, 12) as unseen_quantity
  from known
  group by
    series_id,
    usage_date
),

judged as (
  select
    apart.*,
    unseen.unseen_count,
    unseen.unseen_quantity,
    case
      when apart.inventory_kind = 'disk' and apart.change_count > 0
        then 'explained: ' || apart.change_count
          || case when apart.change_count = 1 then ' disk was' else ' disks were' end
          || ' made, removed or resized within the day.'
      when apart.inventory_kind = 'disk' and disks_that_agreed.organization_id is null
        then 'not_comparable: Usage of this type never agreed with the sizes of the disks, so it is counted otherwise.'
      when updated.project_id is not null
        then 'explained: A VM was changed within the day, and may have been of another type for a while.'
      when apart.inventory_kind = 'vm' and apart.usage_quantity <= 0 and apart.seen_running > 0
        then 'unexplained: Nothing was billed, while ' || apart.seen_running
          || case when apart.seen_running = 1 then ' VM was' else ' VMs were' end
          || ' seen running before, within and after the day.'
      when apart.usage_quantity < apart.proven_least - apart.inventory_tolerance - apart.hours_of_changes
        then 'unexplained: The inventory allows for no less than '
          || rtrim(rtrim(apart.proven_least::varchar, '0'), '.') || '.'
      when apart.inventory_kind = 'vm'
        and apart.resource_outcome in ('agrees', 'apart')
        and apart.resource_row_count < apart.seen_running
        then 'unexplained: ' || apart.seen_running
          || ' VMs were seen running before, within and after the day, of which usage by resource has '
          || apart.resource_row_count || '.'
      when apart.usage_quantity > apart.proven_most + apart.inventory_tolerance + apart.hours_of_changes
        and apart.usage_quantity - unseen.unseen_quantity
          > apart.proven_most + apart.inventory_tolerance + apart.hours_of_changes
        then 'unexplained: The inventory allows for no more than '
          || rtrim(rtrim(apart.proven_most::varchar, '0'), '.') || '.'
      when apart.usage_quantity > apart.proven_most + apart.inventory_tolerance and unseen.unseen_count > 0
        then 'explained: ' || unseen.unseen_count
          || case when unseen.unseen_count = 1 then ' resource' else ' resources' end
          || ' came and went between two reads of the inventory, or was of this type in none.'
      when apart.usage_quantity > apart.proven_most + apart.inventory_tolerance + apart.hours_of_changes
        then 'explained: Resources may have come and gone between two reads of the inventory, and no usage by resource tells.'
      when apart.usage_quantity not between apart.proven_least - apart.inventory_tolerance
        and apart.proven_most + apart.inventory_tolerance
        then 'explained: ' || apart.change_count
          || case when apart.change_count = 1 then ' VM was' else ' VMs were' end
          || ' made, removed, started or stopped within the day, and up to an hour of each may be counted otherwise.'
      else 'explained: VMs may have been stopped or started between two reads of the inventory, and no operations tell.'
    end as verdict
  from apart
  left join unseen
    on apart.series_id = unseen.series_id
    and apart.usage_date = unseen.usage_date
  left join updated
    on apart.inventory_kind = 'vm'
    and apart.organization_id = updated.organization_id
    and apart.project_id = updated.project_id
    and apart.usage_date = updated.usage_date
  left join disks_that_agreed
    on apart.organization_id = disks_that_agreed.organization_id
    and apart.type_key = disks_that_agreed.type_key
),

final as (
  select
    series_id,
    usage_date,
    split_part(verdict, ': ', 1) as status,
    substr(verdict, length(split_part(verdict, ': ', 1)) + 3) as explanation
  from judged
)

select
  series_id,
  usage_date,
  status,
  explanation
from final
