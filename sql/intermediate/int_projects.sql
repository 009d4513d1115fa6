/*
description: Every project that is listed, was listed, or shows only in usage, inventory or reads.
grain: [project_id]
columns:
  organization_id: The organisation that it belongs to.
  project_id: The project.
  project_name: Its latest name; its id where it has none.
  is_current: Whether the API lists it now.
  first_seen_at: When it was first seen in any way, UTC.
  last_seen_at: When it was last seen in the list of projects, or in any other way where it never was listed, UTC.
  status: current, no_access, gone or unlisted.
  previous_names: The names that it bore before, the latest first.
  message: What is to be said of it, in words; null where there is nothing.
*/
with sightings as (
  select
    organization_id,
    project_id,
    min(valid_from) as first_seen_at,
    max(valid_from) as last_seen_at
  from stg_projects
  group by
    organization_id,
    project_id

  union all

  select
    organization_id,
    project_id,
    min(first_known_at),
    max(last_known_at)
  from int_project_sightings
  group by
    organization_id,
    project_id

  union all

  select
    organization_id,
    project_id,
    min(valid_from),
    max(valid_from)
  from stg_vms
  group by
    organization_id,
    project_id

  union all

  select
    organization_id,
    project_id,
    min(valid_from),
    max(valid_from)
  from stg_disks
  group by
    organization_id,
    project_id

  union all

  select
    organization_id,
    project_id,
    min(valid_from),
    max(valid_from)
  from stg_snapshots
  group by
    organization_id,
    project_id
),

seen as (
  select
    project_id,
    min(organization_id) as organization_id,
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at
  from sightings
  where project_id is not null
  group by project_id
),

versions as (
  select
    organization_id,
    project_id,
    project_name,
    valid_from,
    valid_to,
    is_current,
    lag(valid_to) over of_project as previous_valid_to
  from stg_projects
  window of_project as (partition by organization_id, project_id order by valid_from)
),

listed as (
  select
    organization_id,
    project_id,
    project_name,
    valid_from,
    valid_to,
    is_current,
    case when valid_from > previous_valid_to then previous_valid_to end as away_since
  from versions
  qualify row_number() over (
    partition by project_id
    order by is_current desc, valid_from desc, organization_id
  ) = 1
),

-- A list of projects that was read well had the project in it where a version was in force.
listings as (
  select
    listed.project_id,
    max(reads.attempted_at) as last_listed_at
  from listed
  inner join stg_read_windows as reads
    on listed.organization_id = reads.organization_id
    and listed.valid_from <= reads.attempted_at
    and coalesce(listed.valid_to, timestamp '9999-12-31') > reads.attempted_at
  where reads.stream = 'projects'
    and reads.status in ('complete', 'partial')
  group by listed.project_id
),

former_names as (
  select
    versions.project_id,
    versions.project_name,
    max(versions.valid_to) as borne_until
  from versions
  inner join listed
    on versions.project_id = listed.project_id
    and versions.project_name <> coalesce(listed.project_name, listed.project_id)
  group by
    versions.project_id,
    versions.project_name
),

names_before as (
  select
    project_id,
    list(project_name order by borne_until desc, project_name) as previous_names,
    max({'borne_until': borne_until, 'project_name': project_name}) as latest
  from former_names
  group by project_id
),

final as (
  select
    coalesce(listed.organization_id, seen.organization_id) as organization_id,
    seen.project_id,
    coalesce(listed.project_name, seen.project_id) as project_name,
    coalesce(listed.is_current, false) as is_current,
    seen.first_seen_at,
    coalesce(greatest(listings.last_listed_at, listed.valid_from), seen.last_seen_at) as last_seen_at,
    case
      when listed.project_id is null then 'unlisted'
      when not listed.is_current then 'gone'
      when access.project_id is not null then 'no_access'
      else 'current'
    end as status,
    coalesce(names_before.previous_names, []) as previous_names,
    nullif(
      concat_ws(
        ' ',
        case
          when listed.project_id is null
            then 'Never listed by the API; it shows in usage or inventory only.'
          when not listed.is_current
            then 'Not listed since ' || strftime(listed.valid_to, '%Y-%m-%d') || ': deleted, or out of the key''s sight.'
          when access.project_id is not null
            then 'Its lists are refused since ' || strftime(access.refused_since, '%Y-%m-%d') || ': ' || access.message
        end,
        case
          when listed.away_since is not null
            then 'Listed again since ' || strftime(listed.valid_from, '%Y-%m-%d') || ', after not having been since '
              || strftime(listed.away_since, '%Y-%m-%d') || '.'
        end,
        'Called ' || names_before.latest.project_name || ' until '
        || strftime(names_before.latest.borne_until, '%Y-%m-%d') || '.'
      ),
      ''
    ) as message
  from seen
  left join listed
    on seen.project_id = listed.project_id
  left join listings
    on seen.project_id = listings.project_id
  left join int_project_access as access
    on seen.project_id = access.project_id
  left join names_before
    on seen.project_id = names_before.project_id
)

select
  organization_id,
  project_id,
  project_name,
  is_current,
  first_seen_at,
  last_seen_at,
  status,
  previous_names,
  message
from final
