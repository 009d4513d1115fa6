/*
description: One row for each project, listed now or ever, with the cost centre and owner of today.
grain: [project_id]
columns:
  organization_id: The organisation that it belongs to.
  project_id: The project.
  project_name: Its latest name; its id where it has none.
  cost_centre: Its cost centre today, from cost-centres.csv; null where none is in force.
  owner: Its owner today, from cost-centres.csv; null where none is named.
  is_current: Whether the API lists it now.
  first_seen_at: When it was first seen in any way, UTC.
  last_seen_at: When it was last seen in the list of projects, or in any other way where it never was listed, UTC.
  status: current; no_access if it is listed, but its own lists are refused; gone if it is no longer listed; unlisted if it never was.
  previous_names: The names that it bore before, the latest first.
  message: Since when it is gone, out of reach or back, and what it was called before, in words; null where there is nothing to say.
tests:
  - not_null: [project_id, project_name, is_current, first_seen_at, last_seen_at, status, previous_names]
  - accepted_values:
      column: status
      values: [current, no_access, gone, unlisted]
*/
with final as (
  select
    projects.organization_id,
    projects.project_id,
    projects.project_name,
    centres.cost_centre,
    centres.owner,
    projects.is_current,
    projects.first_seen_at,
    projects.last_seen_at,
    projects.status,
    projects.previous_names,
    projects.message
  from int_projects as projects
  cross join meta.build as build
  left join int_cost_centres_in_force as centres
    on projects.project_id = centres.project_id
    and centres.starts_on <= build.today
    and centres.ends_before > build.today
)

select
  organization_id,
  project_id,
  project_name,
  cost_centre,
  owner,
  is_current,
  first_seen_at,
  last_seen_at,
  status,
  previous_names,
  message
from final
