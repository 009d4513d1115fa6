/*
description: What each project is called, over the days on which it had usage.
grain: [project_id]
columns:
  project_id: The project.
  project_name: Its latest name; its id where it has none.
  used_from: The first day of its usage.
  used_to: The last.
*/
with used as (
  select
    project_id,
    min(usage_date) as used_from,
    max(usage_date) as used_to
  from int_project_sightings
  group by project_id
),

final as (
  select
    used.project_id,
    projects.project_name,
    used.used_from,
    used.used_to
  from used
  inner join int_projects as projects
    on used.project_id = projects.project_id
)

select
  project_id,
  project_name,
  used_from,
  used_to
from final
