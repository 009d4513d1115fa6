/*
description: SSH keys of the credential's user, one row for each version, with nothing but that they are there and since when.
grain: [account, ssh_key_id, valid_from]
columns:
  account: The account that it was read with; empty in a workspace of one.
  ssh_key_id: The key's id.
  created_at: When it was made, UTC.
  valid_from: When it was first seen so, UTC.
  valid_to: When it was first seen otherwise or gone; null for what is current.
  is_current: Whether it still stands so.
*/
with final as (
  select
    coalesce(account, '') as account,
    id as ssh_key_id,
    created_at,
    _valid_from as valid_from,
    _valid_to as valid_to,
    _valid_to is null as is_current
  from raw.ssh_keys
  where _valid_to is null or _valid_to > _valid_from
)

select
  account,
  ssh_key_id,
  created_at,
  valid_from,
  valid_to,
  is_current
from final
