/*
description: Organisations as the API names them, one row for each version.
grain: [account, organization_id, valid_from]
columns:
  account: The account that it was read with; empty in a workspace of one.
  organization_id: The organisation.
  organization_name: Its name.
  valid_from: When it was first seen so, UTC.
  valid_to: When it was first seen otherwise or gone; null for what is current.
  is_current: Whether it still stands so.
*/
with final as (
  select
    coalesce(account, '') as account,
    id as organization_id,
    name as organization_name,
    _valid_from as valid_from,
    _valid_to as valid_to,
    _valid_to is null as is_current
  from raw.organizations
  where _valid_to is null or _valid_to > _valid_from
)

select
  account,
  organization_id,
  organization_name,
  valid_from,
  valid_to,
  is_current
from final
