/*
description: How the last attempt to read each list of inventory ended, and when it was last read well.
grain: [account, organization_id, project_id, stream]
columns:
  account: Whose list it is, where it is an account's own; null of other lists.
  organization_id: The organisation.
  project_id: The project; null where the list is the organisation's.
  stream: The stream, such as disks.
  is_last_complete: Whether the last attempt succeeded, and its organisation could be read at all since.
  last_status: How the last attempt ended, such as complete or not_offered.
  last_read_at: When it was last read well, UTC; null where it never was.
*/
with lists as (
  select
    account,
    organization_id,
    project_id,
    stream,
    max({'attempted_at': attempted_at, 'is_complete': status = 'complete'}).is_complete as is_last_complete,
    max({'attempted_at': attempted_at, 'status': status}).status as last_status,
    max(attempted_at) filter (where status = 'complete') as last_read_at
  from stg_read_windows
  where window_from is null
  group by
    account,
    organization_id,
    project_id,
    stream
),

final as (
  select
    lists.account,
    lists.organization_id,
    lists.project_id,
    lists.stream,
    lists.is_last_complete and outages.scope is null as is_last_complete,
    lists.last_status,
    lists.last_read_at
  from lists
  left join int_outages as outages
    on outages.scope = case when lists.organization_id is null then 'account' else 'organization' end
    and outages.scope_value = coalesce(lists.organization_id, lists.account)
)

select
  account,
  organization_id,
  project_id,
  stream,
  is_last_complete,
  last_status,
  last_read_at
from final
