/*
description: Projects as the API lists them, one row for each version.
grain: [organization_id, project_id, valid_from]
columns:
  organization_id: The organisation that it belongs to.
  project_id: The project.
  project_name: Its name; null where it has none.
  valid_from: When it was first seen so, UTC.
  valid_to: When it was first seen otherwise or gone; null for what is current.
  is_current: Whether it still stands so.
*/
with final as (
  select
    organization_id,
    id as project_id,
    nullif(trim(name), '') as project_name,
    _valid_from as valid_from,
    _valid_to as valid_to,
    _valid_to is null as is_current
  from raw.projects
  -- A version that was replaced in the very instant of its opening was never in force.
  where _valid_to is null or _valid_to > _valid_from
)

select
  organization_id,
  project_id,
  project_name,
  valid_from,
  valid_to,
  is_current
from final
