/*
description: One row for each organisation, listed now or ever, with its latest name.
grain: [organization_id]
columns:
  organization_id: The organisation.
  organization_name: Its latest name; null where it has none.
  is_current: Whether the API lists it now.
tests:
  - not_null: [organization_id, is_current]
*/
with final as (
  select
    organization_id,
    organization_name,
    is_current
  from stg_organizations
  qualify row_number() over (partition by organization_id order by valid_from desc) = 1
)

select
  organization_id,
  organization_name,
  is_current
from final
