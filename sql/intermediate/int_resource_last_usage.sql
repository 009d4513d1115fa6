/*
description: The last day on which each resource shows usage of its own. Of one that is in no inventory, nor behind a snapshot, none is told that lies more than 35 days back.
grain: [resource_id]
columns:
  resource_id: The VM, disk or other resource.
  last_usage_date: The last UTC day with usage above 0.
  resource_type: The type under which it was used that day.
  region: The region in which it was used that day.
*/
with resources as (
  select vm_id as resource_id
  from stg_vms

  union

  select disk_id
  from stg_disks

  union

  select source_disk_id
  from stg_snapshots
),

-- Most were used lately: only for the others the years before are looked through.
recent as (
  select
    usage.resource_id,
    max(usage.usage_date) as last_usage_date
  from stg_resource_usage as usage
  where usage.usage_date > (select today - 35 from meta.build)
    and usage.quantity > 0
    and usage.resource_id is not null
  group by usage.resource_id
),

older as (
  select
    usage.resource_id,
    max(usage.usage_date) as last_usage_date
  from stg_resource_usage as usage
  inner join (
    select resource_id
    from resources
    anti join recent
      on resources.resource_id = recent.resource_id
  ) as others
    on usage.resource_id = others.resource_id
  where usage.quantity > 0
  group by usage.resource_id
),

last_days as (
  select
    *
  from recent

  union all

  select
    *
  from older
),

final as (
  select
    last_days.resource_id,
    last_days.last_usage_date,
    max({'resource_type': usage.resource_type, 'region': usage.region}) as latest
  from stg_resource_usage as usage
  inner join last_days
    on usage.resource_id = last_days.resource_id
    and usage.usage_date = last_days.last_usage_date
  where usage.quantity > 0
  group by
    last_days.resource_id,
    last_days.last_usage_date
)

select
  resource_id,
  last_usage_date,
  latest.resource_type as resource_type,
  latest.region as region
from final
