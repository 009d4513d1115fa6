/*
description: What the cloud has free, by place and type, one row for each version.
grain: [account, location, vm_type, quota_type, valid_from]
columns:
  account: The account that it was read with; empty in a workspace of one.
  location: The place.
  vm_type: The type.
  quota_type: The quota that it counts against.
  quantity: How many are free.
  num_slices: How many slices each has.
  valid_from: When it was first seen so, UTC.
  valid_to: When it was first seen otherwise or gone; null for what is current.
  is_current: Whether it still stands so.
*/
with final as (
  select
    coalesce(account, '') as account,
    location,
    type as vm_type,
    quota_type,
    quantity,
    num_slices,
    _valid_from as valid_from,
    _valid_to as valid_to,
    _valid_to is null as is_current
  from raw.capacities
  where _valid_to is null or _valid_to > _valid_from
)

select
  account,
  location,
  vm_type,
  quota_type,
  quantity,
  num_slices,
  valid_from,
  valid_to,
  is_current
from final
