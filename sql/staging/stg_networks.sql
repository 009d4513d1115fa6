/*
description: VPC networks, one row for each version.
grain: [network_id, valid_from]
columns:
  organization_id: The organisation.
  project_id: The project.
  network_id: The network.
  network_name: Its name.
  cidr: Its addresses.
  gateway: Its gateway.
  subnet_ids: Its subnets.
  valid_from: When it was first seen so, UTC.
  valid_to: When it was first seen otherwise or gone; null for what is current.
  is_current: Whether it still stands so.
*/
with final as (
  select
    organization_id,
    project_id,
    id as network_id,
    name as network_name,
    cidr,
    gateway,
    list_sort(list_distinct(coalesce(json_extract_string(subnets, '$[*]'), []))) as subnet_ids,
    _valid_from as valid_from,
    _valid_to as valid_to,
    _valid_to is null as is_current
  from raw.networks
  where _valid_to is null or _valid_to > _valid_from
)

select
  organization_id,
  project_id,
  network_id,
  network_name,
  cidr,
  gateway,
  subnet_ids,
  valid_from,
  valid_to,
  is_current
from final
