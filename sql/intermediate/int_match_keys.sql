/*
description: One form of each spelling of a type and a region, by which usage, usage by resource and inventory find each other.
grain: [kind, spelling]
columns:
  kind: type or region.
  spelling: The type or region as it came.
  match_key: Its letters and digits in lower case with - between words; a region's without the zone. Null where nothing is left.
*/
with spellings as (
  select
    'type' as kind,
    resource_type as spelling
  from int_usage_months

  union

  select
    'type',
    vm_type
  from stg_vms

  union

  select
    'type',
    disk_type
  from stg_disks

  union

  select
    'region',
    region
  from int_usage_months

  union

  select
    'region',
    region
  from stg_vms

  union

  select
    'region',
    region
  from stg_disks
),

final as (
  select
    kind,
    spelling,
    nullif(
      case kind
        when 'region' then regexp_replace(regexp_replace(lower(trim(spelling)), '[\s_-]+', '-', 'g'), '-[a-z]$', '')
        else regexp_replace(lower(trim(spelling)), '[\s_-]+', '-', 'g')
      end,
      ''
    ) as match_key
  from spellings
  where spelling is not null
)

select
  kind,
  spelling,
  match_key
from final
