/*
description: Subnets of VPC networks, one row for each version.
grain: [subnet_id, valid_from]
columns:
  organization_id: The organisation.
  project_id: The project.
  subnet_id: The subnet.
  subnet_name: Its name.
  network_id: The network that it is a part of.
  location: Where it is.
  cidr: Its addresses.
  nat_gateway_count: How many NAT gateways it has.
  valid_from: When it was first seen so, UTC.
  valid_to: When it was first seen otherwise or gone; null for what is current.
  is_current: Whether it still stands so.
*/
with final as (
  select
    organization_id,
    project_id,
    id as subnet_id,
    name as subnet_name,
    vpc_network_id as network_id,
    location,
    cidr,
    coalesce(json_array_length(nat_gateways), 0)::integer as nat_gateway_count,
    _valid_from as valid_from,
    _valid_to as valid_to,
    _valid_to is null as is_current
  from raw.subnets
  where _valid_to is null or _valid_to > _valid_from
)

select
  organization_id,
  project_id,
  subnet_id,
  subnet_name,
  network_id,
  location,
  cidr,
  nat_gateway_count,
  valid_from,
  valid_to,
  is_current
from final
