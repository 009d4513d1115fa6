/*
description: API tokens of the credential's user, one row for each version, with when each was made, expires and was last used.
grain: [account, created_at, alias, valid_from]
columns:
  account: The account that it was read with; empty in a workspace of one.
  alias: What the user calls it.
  created_at: When it was made, UTC.
  expires_at: When it expires, UTC.
  last_used_at: When it was last used, UTC.
  valid_from: When it was first seen so, UTC.
  valid_to: When it was first seen otherwise or gone; null for what is current.
  is_current: Whether it still stands so.
*/
with final as (
  select
    coalesce(account, '') as account,
    alias,
    created_at,
    expires_at,
    last_used as last_used_at,
    _valid_from as valid_from,
    _valid_to as valid_to,
    _valid_to is null as is_current
  from raw.tokens
  where _valid_to is null or _valid_to > _valid_from
)

select
  account,
  alias,
  created_at,
  expires_at,
  last_used_at,
  valid_from,
  valid_to,
  is_current
from final
