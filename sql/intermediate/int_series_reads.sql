/*
description: How the last attempt to read each stream that is read by days ended, and when it was last read well.
grain: [organization_id, project_id, stream]
columns:
  organization_id: The organisation.
  project_id: The project; null where it is read for the whole organisation.
  stream: The stream, such as usage or metrics_timeseries.
  is_last_complete: Whether the last attempt succeeded.
  last_status: How the last attempt ended, such as complete or not_offered.
  last_read_at: When it was last read well, UTC; null where it never was.
*/
with final as (
  select
    organization_id,
    project_id,
    stream,
    max({'attempted_at': attempted_at, 'window_to': window_to, 'status': status}).status as last_status,
    max(attempted_at) filter (where status = 'complete') as last_read_at
  from stg_read_windows
  where window_from is not null
  group by
    organization_id,
    project_id,
    stream
)

select
  organization_id,
  project_id,
  stream,
  last_status = 'complete' as is_last_complete,
  last_status,
  last_read_at
from final
