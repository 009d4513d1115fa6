/*
description: Each attempt to read days of a project's usage, in all or by resource.
grain: [project_id, stream, window_from, window_to, attempted_at, status, message]
columns:
  organization_id: The organisation.
  project_id: The project.
  stream: usage or resource_usage.
  window_from: The first UTC day asked for.
  window_to: The last, up to today.
  attempted_at: When it was asked, UTC.
  status: complete, partial where some of its rows could not be read, failed or not_offered.
  message: Why it is not complete.
*/
with final as (
  select distinct
    windows.organization_id,
    windows.project_id,
    windows.stream,
    windows.window_from,
    least(windows.window_to, build.today) as window_to,
    windows.attempted_at,
    windows.status,
    windows.message
  from stg_read_windows as windows
  cross join meta.build as build
  where windows.stream in ('usage', 'resource_usage')
    and windows.project_id is not null
    and windows.window_from <= least(windows.window_to, build.today)
)

select
  organization_id,
  project_id,
  stream,
  window_from,
  window_to,
  attempted_at,
  status,
  message
from final
