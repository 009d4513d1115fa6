/*
description: Load balancers, those that the outside reaches and those within a network, one row for each version.
grain: [load_balancer_id, valid_from]
columns:
  organization_id: The organisation.
  project_id: The project.
  load_balancer_id: The load balancer.
  load_balancer_name: Its name.
  is_internal: Whether it stands within a network.
  location: Where it is.
  protocols: The protocols that it spreads.
  network_ids: The networks that it stands in.
  subnet_ids: The subnets that it stands in, where the API says.
  backends: What it spreads load over, each by the resource's id or its address; null where the API does not say.
  valid_from: When it was first seen so, UTC.
  valid_to: When it was first seen otherwise or gone; null for what is current.
  is_current: Whether it still stands so.
*/
with both_kinds as (
  select
    organization_id,
    project_id,
    id as load_balancer_id,
    name as load_balancer_name,
    false as is_internal,
    location,
    list_filter([lower(protocol)], lambda each: each is not null) as protocols,
    [vpc_id] as network_ids,
    []::varchar[] as subnet_ids,
    case
      when json_type(listen_ports_and_backends) = 'ARRAY'
        then json_extract(listen_ports_and_backends, '$[*].backends[*]')
    end as backends,
    _valid_from as valid_from,
    _valid_to as valid_to
  from raw.load_balancers
  union all
  select
    organization_id,
    project_id,
    id,
    name,
    true,
    location,
    list_sort(list_transform(coalesce(json_extract_string(protocols, '$[*]'), []), lambda each: lower(each))),
    json_extract_string(network_interfaces, '$[*].network'),
    json_extract_string(network_interfaces, '$[*].subnet'),
    case when json_type(destinations) = 'ARRAY' then json_extract(destinations, '$[*]') end,
    _valid_from,
    _valid_to
  from raw.internal_load_balancers
),

final as (
  select
    organization_id,
    project_id,
    load_balancer_id,
    load_balancer_name,
    is_internal,
    location,
    protocols,
    list_sort(list_distinct(coalesce(network_ids, []))) as network_ids,
    list_sort(list_distinct(coalesce(subnet_ids, []))) as subnet_ids,
    list_sort(
      list_distinct(
        list_transform(
          backends,
          lambda each: {
            'resource_id': nullif(coalesce(each->>'resource_id', each->>'vm_id', each->>'instance_id'), ''),
            -- One machine's address, whether or not it is written as a range of one.
            'address': nullif(
              regexp_replace(coalesce(each->>'ip', each->>'address', each->>'cidr', ''), '/(32|128)$', ''),
              ''
            )
          }
        )
      )
    ) as backends,
    valid_from,
    valid_to,
    valid_to is null as is_current
  from both_kinds
  where valid_to is null or valid_to > valid_from
)

select
  organization_id,
  project_id,
  load_balancer_id,
  load_balancer_name,
  is_internal,
  location,
  protocols,
  network_ids,
  subnet_ids,
  backends,
  valid_from,
  valid_to,
  is_current
from final
