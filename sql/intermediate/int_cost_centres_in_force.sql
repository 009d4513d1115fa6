/*
description: The cost centre and owner of each project over time; a row for the project itself goes before one for any.
grain: [project_id, starts_on]
columns:
  project_id: The project.
  starts_on: The first day of the stretch.
  ends_before: The day after its last.
  cost_centre: The cost centre; null where no row of cost-centres.csv is in force.
  owner: The owner; null where none is named.
*/
with candidates as (
  select
    projects.project_id,
    centres.cost_centre,
    centres.owner,
    centres.project_id is not null as is_own,
    coalesce(centres.effective_from, date '0001-01-01') as starts_on,
    coalesce(centres.effective_to + 1, date '9999-12-31') as ends_before
  from int_projects as projects
  inner join workspace.cost_centres as centres
    on centres.project_id is null
    or centres.project_id = projects.project_id
),

changes as (
  select
    project_id,
    starts_on
  from candidates

  union

  select
    project_id,
    ends_before
  from candidates
),

stretches as (
  select
    project_id,
    starts_on,
    lead(starts_on) over (partition by project_id order by starts_on) as ends_before
  from changes
),

final as (
  select
    stretches.project_id,
    stretches.starts_on,
    stretches.ends_before,
    arg_max({'cost_centre': candidates.cost_centre, 'owner': candidates.owner}, candidates.is_own) as best
  from stretches
  inner join candidates
    on stretches.project_id = candidates.project_id
    and candidates.starts_on <= stretches.starts_on
    and candidates.ends_before >= stretches.ends_before
  group by
    stretches.project_id,
    stretches.starts_on,
    stretches.ends_before
)

select
  project_id,
  starts_on,
  ends_before,
  best.cost_centre as cost_centre,
  best.owner as owner
from final
