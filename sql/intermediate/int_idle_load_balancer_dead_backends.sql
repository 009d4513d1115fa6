/*
description: Load balancers, of both kinds, all of whose backends are VMs that are stopped or gone. One backend of which that is not known is enough to leave it out.
grain: [resource_kind, resource_id]
columns:
  rule_id: The rule.
  resource_kind: load_balancer or internal_load_balancer.
  resource_id: The load balancer.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Where it is.
  idle_since: Since when none of its backends is up, UTC.
  reportable_from: From when it is long enough to tell, UTC.
  observed_from: When the load balancer was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: Null, since no price speaks of load balancers.
  currency: Null, as the waste.
*/
with readable as (
  select
    balancers.organization_id,
    balancers.project_id,
    balancers.stream
  from int_inventory_reads as balancers
  inner join int_inventory_reads as vms
    on balancers.project_id = vms.project_id
    and vms.stream = 'vms'
    and vms.is_last_complete
  where balancers.stream in ('load_balancers', 'internal_load_balancers')
    and balancers.is_last_complete
),

versions as (
  select
    *,
    case when is_internal then 'internal_load_balancer' else 'load_balancer' end as resource_kind,
    min(valid_from) over (partition by load_balancer_id) as first_seen_at,
    lag(backends) over of_balancer as previous_backends,
    row_number() over of_balancer as version
  from stg_load_balancers
  window of_balancer as (partition by load_balancer_id order by valid_from)
),

-- When its backends were last set to other ones; null where it was never seen with others.
changes as (
  select
    load_balancer_id,
    max(valid_from) as changed_at
  from versions
  where version > 1
    and backends is distinct from previous_backends
  group by load_balancer_id
),

backends as (
  select
    versions.load_balancer_id,
    versions.project_id,
    unnest(versions.backends, recursive := true)
  from versions
  inner join readable
    on versions.project_id = readable.project_id
    and versions.resource_kind || 's' = readable.stream
  where versions.is_current
    and len(versions.backends) > 0
),

numbered as (
  select
    load_balancer_id,
    project_id,
    resource_id,
    address,
    row_number() over (partition by load_balancer_id order by resource_id, address) as backend
  from backends
),

vm_ends as (
  select
    vm_id,
    max(project_id) as project_id,
    bool_or(is_current) as is_current,
    max(valid_to) as gone_at
  from stg_vms
  group by vm_id
),

-- A VM that is neither stopped nor gone may serve, whatever its state is called.
fates as (
  select
    vm_ends.vm_id,
    vm_ends.project_id,
    vm_ends.is_current,
    not vm_ends.is_current or stopped.vm_id is not null as is_dead,
    case when vm_ends.is_current then stopped.stopped_since else vm_ends.gone_at end as dead_since
  from vm_ends
  left join int_stopped_vms as stopped
    on vm_ends.vm_id = stopped.vm_id
),

addresses as (
  select distinct
    vm_id,
    project_id,
    is_current,
    unnest(private_ips) as address
  from stg_vms
),

-- An address may have been given out again: what holds it now speaks before what held it once.
by_address as (
  select
    addresses.project_id,
    addresses.address,
    bool_and(fates.is_dead) as is_dead,
    max(fates.dead_since) as dead_since,
    bool_or(fates.is_current) as is_current
  from addresses
  inner join fates
    on addresses.vm_id = fates.vm_id
    and addresses.is_current = fates.is_current
  group by
    addresses.project_id,
    addresses.address,
    addresses.is_current
  qualify row_number() over (
    partition by addresses.project_id, addresses.address
    order by addresses.is_current desc
  ) = 1
),

resolved as (
  select
    numbered.load_balancer_id,
    coalesce(by_id.is_dead, by_address.is_dead, false) as is_dead,
    coalesce(by_id.is_current, by_address.is_current) as is_current,
    coalesce(by_id.dead_since, by_address.dead_since) as dead_since
  from numbered
  left join fates as by_id
    on numbered.resource_id = by_id.vm_id
  left join by_address
    on numbered.project_id = by_address.project_id
    and numbered.address = by_address.address
    and by_id.vm_id is null
),

dead as (
  select
    load_balancer_id,
    count(*) as backend_count,
    count(*) filter (where is_current) as stopped_count,
    max(dead_since) as dead_since
  from resolved
  group by load_balancer_id
  having bool_and(is_dead)
),

dated as (
  select
    versions.*,
    dead.backend_count,
    dead.stopped_count,
    greatest(dead.dead_since, changes.changed_at) as idle_since
  from dead
  inner join versions
    on dead.load_balancer_id = versions.load_balancer_id
    and versions.is_current
  left join changes
    on dead.load_balancer_id = changes.load_balancer_id
),

final as (
  select
    'load_balancer_dead_backends' as rule_id,
    dated.resource_kind,
    dated.load_balancer_id as resource_id,
    dated.load_balancer_name as resource_name,
    dated.organization_id,
    dated.project_id,
    dated.location,
    dated.idle_since,
    dated.idle_since + to_seconds(rules.min_days * 86400) as reportable_from,
    dated.first_seen_at as observed_from,
    'Of ' || dated.backend_count || case when dated.backend_count = 1 then ' backend' else ' backends' end
    || ' of the ' || case when dated.is_internal then 'internal ' else '' end || 'load balancer '
    || dated.stopped_count || case when dated.stopped_count = 1 then ' is a stopped VM and ' else ' are stopped VMs and ' end
    || (dated.backend_count - dated.stopped_count)
    || case when dated.backend_count - dated.stopped_count = 1 then ' is gone' else ' are gone' end
    || '; none is up since ' || strftime(dated.idle_since, '%Y-%m-%d')
    || ', ' || datesub('day', dated.idle_since, build.now) || ' days; no price is in force for load balancers.' as evidence,
    null::decimal(38, 10) as monthly_waste,
    null::varchar as currency
  from dated
  cross join meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'load_balancer_dead_backends'
)

select
  rule_id,
  resource_kind,
  resource_id,
  resource_name,
  organization_id,
  project_id,
  location,
  idle_since,
  reportable_from,
  observed_from,
  evidence,
  monthly_waste,
  currency
from final
