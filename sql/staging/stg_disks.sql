/*
description: Disks as the API lists them, one row for each version, with their size as a number.
grain: [disk_id, valid_from]
columns:
  organization_id: The organisation.
  project_id: The project.
  disk_id: The disk.
  disk_name: Its name.
  disk_type: Its type, such as persistent-ssd.
  size_gib: Its size in GiB; a bare number is one of GiB, GB is 10^9 bytes. Null where it can't be read.
  location: Where it is, with the zone.
  region: The location without its zone.
  attached_to_vm_ids: The VMs that its own entry lists.
  os_of_vm_ids: Those of them that start from it.
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
    id as disk_id,
    name as disk_name,
    case
      when type ilike 'disk\_type\_%' escape '\' then replace(lower(type[11:]), '_', '-')
      else type
    end as disk_type,
    regexp_extract(lower(trim(size)), '^([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)$', ['number', 'unit']) as size_parts,
    location,
    regexp_replace(location, '-[a-z]$', '') as region,
    list_sort(list_distinct(coalesce(json_extract_string(attached_to, '$[*].vm_id'), []))) as attached_to_vm_ids,
    list_sort(
      list_distinct(
        list_transform(
          list_filter(
            coalesce(json_extract(attached_to, '$[*]'), []),
            lambda attachment : lower(attachment ->> '$.attachment_type') = 'os'
          ),
          lambda attachment : attachment ->> '$.vm_id'
        )
      )
    ) as os_of_vm_ids,
    created_at,
    updated_at,
    _valid_from as valid_from,
    _valid_to as valid_to,
    _valid_to is null as is_current
  from raw.disks
  where _valid_to is null or _valid_to > _valid_from
),

measured as (
  select
    *,
    try_cast(nullif(size_parts.number, '') as decimal(24, 6)) as size_number,
    case
      when size_parts.unit in ('', 'g', 'gi', 'gib', 'gibibyte', 'gibibytes') then 1073741824
      when size_parts.unit in ('t', 'ti', 'tib', 'tebibyte', 'tebibytes') then 1099511627776
      when size_parts.unit in ('p', 'pi', 'pib', 'pebibyte', 'pebibytes') then 1125899906842624
      when size_parts.unit in ('m', 'mi', 'mib', 'mebibyte', 'mebibytes') then 1048576
      when size_parts.unit in ('k', 'ki', 'kib', 'kibibyte', 'kibibytes') then 1024
      when size_parts.unit in ('b', 'byte', 'bytes') then 1
      when size_parts.unit in ('kb', 'kilobyte', 'kilobytes') then 1000
      when size_parts.unit in ('mb', 'megabyte', 'megabytes') then 1000000
      when size_parts.unit in ('gb', 'gigabyte', 'gigabytes') then 1000000000
      when size_parts.unit in ('tb', 'terabyte', 'terabytes') then 1000000000000
      when size_parts.unit in ('pb', 'petabyte', 'petabytes') then 1000000000000000
    end as unit_bytes
  from cleaned
),

final as (
  select
    organization_id,
    project_id,
    disk_id,
    disk_name,
    disk_type,
    -- Whole billionths of a GiB by integers, rounded half up: a division would go through DOUBLE.
    try(
      (
        ((round(size_number * unit_bytes::decimal(16, 0), 0)::hugeint * 1000000000 + 536870912) // 1073741824)::decimal(28, 0)
        * 0.000000001::decimal(9, 9)
      )::decimal(28, 9)
    ) as size_gib,
    location,
    region,
    attached_to_vm_ids,
    os_of_vm_ids,
    created_at,
    updated_at,
    valid_from,
    valid_to,
    is_current
  from measured
)

select
  organization_id,
  project_id,
  disk_id,
  disk_name,
  disk_type,
  size_gib,
  location,
  region,
  attached_to_vm_ids,
  os_of_vm_ids,
  created_at,
  updated_at,
  valid_from,
  valid_to,
  is_current
from final
