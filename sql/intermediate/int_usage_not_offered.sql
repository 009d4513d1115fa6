/*
description: Where usage, in all or by resource, is not offered to an organisation, by the last attempt to read it.
grain: [organization_id, stream]
columns:
  organization_id: The organisation.
  stream: usage or resource_usage.
  message: What the API says of it.
*/
with latest as (
  select
    organization_id,
    stream,
    max({'attempted_at': attempted_at, 'status': status, 'message': message}) as attempt
  from stg_read_windows
  where stream in ('usage', 'resource_usage')
    and window_from is not null
  group by
    organization_id,
    stream
),

final as (
  select
    organization_id,
    stream,
    attempt.message as message
  from latest
  where attempt.status = 'not_offered'
)

select
  organization_id,
  stream,
  message
from final
