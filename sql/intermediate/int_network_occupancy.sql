/*
description: What lies, or ever lay, in each network and subnet that exists now. A subnet counts for its network as well.
grain: [place_kind, place_id]
columns:
  place_kind: network or subnet.
  place_id: The network or subnet.
  is_occupied: Whether something lies in it now, a VM in any state, a load balancer, or a template that would put VMs there.
  last_occupied_at: When the last thing that lay in it was first seen gone, UTC; null where nothing was seen in it.
*/
with mentions as (
  select
    project_id,
    'network' as place_kind,
    unnest(network_ids) as place,
    is_current,
    valid_to
  from stg_vms

  union all

  select
    project_id,
    'subnet' as place_kind,
    unnest(subnet_ids) as place,
    is_current,
    valid_to
  from stg_vms

  union all

  select
    project_id,
    'network' as place_kind,
    unnest(network_ids) as place,
    is_current,
    valid_to
  from stg_load_balancers

  union all

  select
    project_id,
    'subnet' as place_kind,
    unnest(subnet_ids) as place,
    is_current,
    valid_to
  from stg_load_balancers

  union all

  select
    project_id,
    'subnet' as place_kind,
    subnet_id as place,
    is_current,
    valid_to
  from stg_instance_templates
),

mentioned as (
  select
    project_id,
    place_kind,
    place,
    bool_or(is_current) as is_occupied,
    max(valid_to) as last_occupied_at
  from mentions
  where place is not null
  group by
    project_id,
    place_kind,
    place
),

-- An interface may name its place by id or by name; a name is one of its own project.
networks as (
  select
    project_id,
    network_id as place_id,
    unnest([network_id, network_name]) as place
  from stg_networks
  where is_current
),

subnets as (
  select
    project_id,
    subnet_id as place_id,
    network_id,
    is_current,
    unnest([subnet_id, subnet_name]) as place
  from stg_subnets
),

occupancies as (
  select
    'network' as place_kind,
    networks.place_id,
    mentioned.is_occupied,
    mentioned.last_occupied_at
  from networks
  inner join mentioned
    on mentioned.place_kind = 'network'
    and networks.place = mentioned.place
    and (networks.place = networks.place_id or networks.project_id = mentioned.project_id)

  union all

  select
    places.place_kind,
    places.place_id,
    mentioned.is_occupied,
    mentioned.last_occupied_at
  from subnets
  inner join mentioned
    on mentioned.place_kind = 'subnet'
    and subnets.place = mentioned.place
    and (subnets.place = subnets.place_id or subnets.project_id = mentioned.project_id)
  cross join lateral (
    select
      'subnet' as place_kind,
      subnets.place_id as place_id

    union all

    select
      'network' as place_kind,
      subnets.network_id as place_id
  ) as places
),

places as (
  select
    'network' as place_kind,
    network_id as place_id
  from stg_networks
  where is_current

  union all

  select
    'subnet' as place_kind,
    subnet_id as place_id
  from stg_subnets
  where is_current
),

final as (
  select
    places.place_kind,
    places.place_id,
    coalesce(bool_or(occupancies.is_occupied), false) as is_occupied,
    max(occupancies.last_occupied_at) as last_occupied_at
  from places
  left join occupancies
    on places.place_kind = occupancies.place_kind
    and places.place_id = occupancies.place_id
  group by
    places.place_kind,
    places.place_id
)

select
  place_kind,
  place_id,
  is_occupied,
  last_occupied_at
from final
