/*
description: The user that the credential belongs to, without name or address, one row for each version.
grain: [account, user_id, valid_from]
columns:
  account: The account that it was read with; empty in a workspace of one.
  user_id: The user.
  role: The user's role.
  org_role: The role in the organisation.
  user_state: Whether the user is active, as the API says.
  role_binding_count: How many roles are bound to the user.
  credential_count: How many ways to sign in the user has.
  valid_from: When it was first seen so, UTC.
  valid_to: When it was first seen otherwise or gone; null for what is current.
  is_current: Whether it still stands so.
*/
with final as (
  select
    coalesce(account, '') as account,
    id as user_id,
    role,
    org_role,
    user_state,
    role_binding_count,
    credential_count,
    _valid_from as valid_from,
    _valid_to as valid_to,
    _valid_to is null as is_current
  from raw.identities
  where _valid_to is null or _valid_to > _valid_from
)

select
  account,
  user_id,
  role,
  org_role,
  user_state,
  role_binding_count,
  credential_count,
  valid_from,
  valid_to,
  is_current
from final
