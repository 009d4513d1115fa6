/*
description: Firewall rules of VPC networks, one row for each version.
grain: [firewall_rule_id, valid_from]
columns:
  organization_id: The organisation.
  project_id: The project.
  firewall_rule_id: The rule.
  firewall_rule_name: Its name.
  network_id: The network that it guards.
  state: active or inactive.
  action: allow or deny.
  direction: ingress or egress.
  protocols: The protocols that it is about.
  sources: The addresses or resources that it lets or keeps from.
  source_ports: From which ports.
  destinations: The addresses or resources that it is about at the other end.
  destination_ports: To which ports.
  valid_from: When it was first seen so, UTC.
  valid_to: When it was first seen otherwise or gone; null for what is current.
  is_current: Whether it still stands so.
*/
with final as (
  select
    organization_id,
    project_id,
    id as firewall_rule_id,
    name as firewall_rule_name,
    vpc_network_id as network_id,
    lower(trim(state)) as state,
    lower(trim(action)) as action,
    lower(trim(direction)) as direction,
    list_sort(list_distinct(coalesce(json_extract_string(protocols, '$[*]'), []))) as protocols,
    list_sort(list_distinct(coalesce(json_extract_string(list_transform(json_extract(sources, '$[*]'), lambda each: coalesce(each->>'cidr', each->>'resource_id'))::json, '$[*]'), []))) as sources,
    list_sort(list_distinct(coalesce(json_extract_string(source_ports, '$[*]'), []))) as source_ports,
    list_sort(list_distinct(coalesce(json_extract_string(list_transform(json_extract(destinations, '$[*]'), lambda each: coalesce(each->>'cidr', each->>'resource_id'))::json, '$[*]'), []))) as destinations,
    list_sort(list_distinct(coalesce(json_extract_string(destination_ports, '$[*]'), []))) as destination_ports,
    _valid_from as valid_from,
    _valid_to as valid_to,
    _valid_to is null as is_current
  from raw.firewall_rules
  where _valid_to is null or _valid_to > _valid_from
)

select
  organization_id,
  project_id,
  firewall_rule_id,
  firewall_rule_name,
  network_id,
  state,
  action,
  direction,
  protocols,
  sources,
  source_ports,
  destinations,
  destination_ports,
  valid_from,
  valid_to,
  is_current
from final
