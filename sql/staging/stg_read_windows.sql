/*
description: Each attempt to read a stream, for a project and a window of days, or for a list as a whole.
grain: [load_id, stream, organization_id, project_id, window_from, attempted_at]
columns:
  load_id: The load that the attempt belongs to.
  stream: The stream, such as usage or disks.
  account: Whose list it is, where it is an account's own; empty in a workspace of one account, null of other lists.
  organization_id: The organisation.
  project_id: The project; null where the list is the organisation's.
  window_from: The first day asked for; null for a list.
  window_to: The last day asked for; null for a list.
  attempted_at: When it was asked, UTC.
  status: complete, partial where some of its rows could not be read, failed or not_offered.
  message: Why it is not complete.
*/
with final as (
  select
    load_id,
    stream,
    case when organization_id is null then coalesce(account, '') end as account,
    organization_id,
    project_id,
    window_from,
    window_to,
    attempted_at,
    status,
    message
  from raw.read_windows
)

select
  load_id,
  stream,
  account,
  organization_id,
  project_id,
  window_from,
  window_to,
  attempted_at,
  status,
  message
from final
