/*
description: Snapshots as the API lists them, one row for each version, with their size as a number.
grain: [snapshot_id, valid_from]
columns:
  organization_id: The organisation.
  project_id: The project.
  snapshot_id: The snapshot.
  snapshot_name: Its name.
  source_disk_id: The disk that it was taken of.
  size_gib: Its size in GiB; a bare number is one of bytes, GB is 10^9 bytes. Null where it can't be read.
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
    id as snapshot_id,
    name as snapshot_name,
    nullif(trim(created_from), '') as source_disk_id,
    regexp_extract(lower(trim(size)), '^([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)$', ['number', 'unit']) as size_parts,
    created_at,
    updated_at,
    _valid_from as valid_from,
    _valid_to as valid_to,
    _valid_to is null as is_current
  from raw.snapshots
  where _valid_to is null or _valid_to > _valid_from
),

measured as (
  select
    *,
    try_cast(nullif(size_parts.number, '') as decimal(24, 6)) as size_number,
    case
      when size_parts.unit in ('', 'b', 'byte', 'bytes') then 1
      when size_parts.unit in ('g', 'gi', 'gib', 'gibibyte', 'gibibytes') then 1073741824
      when size_parts.unit in ('t', 'ti', 'tib', 'tebibyte', 'tebibytes') then 1099511627776
      when size_parts.unit in ('p', 'pi', 'pib', 'pebibyte', 'pebibytes') then 1125899906842624
      when size_parts.unit in ('m', 'mi', 'mib', 'mebibyte', 'mebibytes') then 1048576
      when size_parts.unit in ('k', 'ki', 'kib', 'kibibyte', 'kibibytes') then 1024
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
    snapshot_id,
    snapshot_name,
    source_disk_id,
    -- Whole billionths of a GiB by integers, rounded half up: a division would go through DOUBLE.
    try(
      (
        ((round(size_number * unit_bytes::decimal(16, 0), 0)::hugeint * 1000000000 + 536870912) // 1073741824)::decimal(28, 0)
        * 0.000000001::decimal(9, 9)
      )::decimal(28, 9)
    ) as size_gib,
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
  snapshot_id,
  snapshot_name,
  source_disk_id,
  size_gib,
  created_at,
  updated_at,
  valid_from,
  valid_to,
  is_current
from final
