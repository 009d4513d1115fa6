/*
description: What was done to VMs, disks, snapshots and networks, in the state that was last seen.
grain: [resource_kind, project_id, operation_id]
columns:
  organization_id: The organisation.
  project_id: The project.
  resource_kind: What it was done to, one of vm, disk, snapshot, network, subnet, firewall_rule, load_balancer, internal_load_balancer.
  operation_id: The operation.
  resource_id: The resource, where the API names it.
  operation_type: What was done, where the API says.
  state: in_progress, succeeded or failed.
  started_at: When it began, UTC.
  completed_at: When it ended, UTC; null while it runs.
*/
with every_kind as (
  select
    'vm' as resource_kind,
    organization_id,
    project_id,
    operation_id,
    state,
    started_at,
    completed_at,
    metadata,
    _valid_to
  from raw.vm_operations
  union all by name
  select
    'disk' as resource_kind,
    organization_id,
    project_id,
    operation_id,
    state,
    started_at,
    completed_at,
    metadata,
    _valid_to
  from raw.disk_operations
  union all by name
  select
    'snapshot' as resource_kind,
    organization_id,
    project_id,
    operation_id,
    state,
    started_at,
    completed_at,
    metadata,
    _valid_to
  from raw.snapshot_operations
  union all by name
  select
    'network' as resource_kind,
    organization_id,
    project_id,
    operation_id,
    state,
    started_at,
    completed_at,
    metadata,
    _valid_to
  from raw.network_operations
  union all by name
  select
    'subnet' as resource_kind,
    organization_id,
    project_id,
    operation_id,
    state,
    started_at,
    completed_at,
    metadata,
    _valid_to
  from raw.subnet_operations
  union all by name
  select
    'firewall_rule' as resource_kind,
    organization_id,
    project_id,
    operation_id,
    state,
    started_at,
    completed_at,
    metadata,
    _valid_to
  from raw.firewall_rule_operations
  union all by name
  select
    'load_balancer' as resource_kind,
    organization_id,
    project_id,
    operation_id,
    state,
    started_at,
    completed_at,
    metadata,
    _valid_to
  from raw.load_balancer_operations
  union all by name
  select
    'internal_load_balancer' as resource_kind,
    organization_id,
    project_id,
    operation_id,
    state,
    started_at,
    completed_at,
    metadata,
    _valid_to
  from raw.internal_load_balancer_operations
),

final as (
  select
    organization_id,
    project_id,
    resource_kind,
    operation_id,
    coalesce(metadata->>'id', metadata->>'resource_id') as resource_id,
    coalesce(metadata->>'type', metadata->>'operation_name', metadata->>'action') as operation_type,
    regexp_replace(lower(trim(state)), '^state_', '') as state,
    started_at,
    completed_at
  from every_kind
  where _valid_to is null
)

select
  organization_id,
  project_id,
  resource_kind,
  operation_id,
  resource_id,
  operation_type,
  state,
  started_at,
  completed_at
from final
