/*
description: VMs as the API lists them, one row for each version, with state, region and disks in one form.
grain: [vm_id, valid_from]
columns:
  organization_id: The organisation.
  project_id: The project.
  vm_id: The VM.
  vm_name: Its name.
  vm_type: Its type, such as a100-80gb.4x.
  state: running, stopped, or another word in lower case.
  location: Where it runs, with the zone.
  region: The location without its zone.
  reservation_id: The reservation that it occupies; null on demand.
  instance_group_id: The instance group that it belongs to.
  instance_template_id: The template that it was made from; null where it was made from none.
  billing_type: How it is billed, as the API says.
  disk_ids: The disks that its own entry lists.
  os_disk_ids: Those of them that it starts from.
  static_addresses: The static public addresses that it holds.
  network_ids: The networks that its interfaces are in.
  subnet_ids: The subnets that its interfaces are in.
  private_ips: The addresses of its interfaces within their networks.
  created_at: When it was made, UTC.
  updated_at: When it was last changed, as of the opening of this version, UTC.
  valid_from: When it was first seen so, UTC.
  valid_to: When it was first seen otherwise or gone; null for what is current.
  is_current: Whether it still stands so.
*/
with cleaned as (
  select
    organization_id,
    project_id,
    id as vm_id,
    name as vm_name,
    type as vm_type,
    regexp_replace(regexp_replace(lower(trim(state)), '[\s-]+', '_', 'g'), '^((vm|instance)_)?state_', '') as state_word,
    location,
    regexp_replace(location, '-[a-z]$', '') as region,
    reservation_id,
    instance_group_id,
    nullif(trim(instance_template_id), '') as instance_template_id,
    billing_type,
    list_sort(
      list_distinct(
        list_concat(
          coalesce(json_extract_string(disks, '$[*].id'), []),
          coalesce(json_extract_string(disks, '$[*].disk_id'), [])
        )
      )
    ) as disk_ids,
    list_sort(
      list_distinct(
        list_transform(
          list_filter(
            coalesce(json_extract(disks, '$[*]'), []),
            lambda disk : lower(disk ->> '$.attachment_type') = 'os'
          ),
          lambda disk : coalesce(disk ->> '$.id', disk ->> '$.disk_id')
        )
      )
    ) as os_disk_ids,
    list_sort(
      list_distinct(
        list_transform(
          list_filter(
            coalesce(json_extract(network_interfaces, '$[*].ips[*].public_ipv4'), []),
            lambda ip : lower(ip ->> '$.type') = 'static' and coalesce(ip ->> '$.address', '') <> ''
          ),
          lambda ip : ip ->> '$.address'
        )
      )
    ) as static_addresses,
    list_sort(list_distinct(coalesce(json_extract_string(network_interfaces, '$[*].network'), []))) as network_ids,
    list_sort(list_distinct(coalesce(json_extract_string(network_interfaces, '$[*].subnet'), []))) as subnet_ids,
    list_sort(
      list_distinct(
        coalesce(json_extract_string(network_interfaces, '$[*].ips[*].private_ipv4.address'), [])
      )
    ) as private_ips,
    created_at,
    updated_at,
    _valid_from as valid_from,
    _valid_to as valid_to,
    _valid_to is null as is_current
  from raw.vms
  where _valid_to is null or _valid_to > _valid_from
),

final as (
  select
    organization_id,
    project_id,
    vm_id,
    vm_name,
    vm_type,
    case
      when state_word in ('stopped', 'shutoff', 'shut_off', 'shutdown', 'poweredoff', 'powered_off', 'off', 'halted')
        then 'stopped'
      when state_word in ('running', 'active', 'up', 'on')
        then 'running'
      else nullif(state_word, '')
    end as state,
    location,
    region,
    reservation_id,
    instance_group_id,
    instance_template_id,
    billing_type,
    disk_ids,
    os_disk_ids,
    static_addresses,
    network_ids,
    subnet_ids,
    private_ips,
    created_at,
    updated_at,
    valid_from,
    valid_to,
    is_current
  from cleaned
)

select
  organization_id,
  project_id,
  vm_id,
  vm_name,
  vm_type,
  state,
  location,
  region,
  reservation_id,
  instance_group_id,
  instance_template_id,
  billing_type,
  disk_ids,
  os_disk_ids,
  static_addresses,
  network_ids,
  subnet_ids,
  private_ips,
  created_at,
  updated_at,
  valid_from,
  valid_to,
  is_current
from final
