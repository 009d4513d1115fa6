/*
description: Projects of which the API refuses the lists that belong to them, as of the last attempt at each.
grain: [project_id]
columns:
  project_id: The project.
  is_refused: Whether every list of it is refused.
  refused_since: When the first list was refused that had not been so before, UTC.
  message: The answer to the last attempt.
*/
with attempts as (
  select
    project_id,
    stream,
    attempted_at,
    status,
    message,
    status <> 'complete' and coalesce(regexp_matches(message, 'answered 40[134]\b'), false) as is_refused
  from stg_read_windows
  where project_id is not null
    and window_from is null
),

lists as (
  select
    project_id,
    stream,
    max({'attempted_at': attempted_at, 'is_refused': is_refused, 'message': message}) as latest,
    max(attempted_at) filter (where not is_refused) as last_other_at
  from attempts
  group by
    project_id,
    stream
),

refusals as (
  select
    lists.project_id,
    min(attempts.attempted_at) as refused_since
  from lists
  inner join attempts
    on lists.project_id = attempts.project_id
    and lists.stream = attempts.stream
    and attempts.attempted_at > coalesce(lists.last_other_at, timestamp '0001-01-01')
  where lists.latest.is_refused
  group by lists.project_id
),

final as (
  select
    lists.project_id,
    bool_and(lists.latest.is_refused) as is_refused,
    max(refusals.refused_since) as refused_since,
    max(lists.latest).message as message
  from lists
  left join refusals
    on lists.project_id = refusals.project_id
  group by lists.project_id
)

select
  project_id,
  is_refused,
  refused_since,
  message
from final
where is_refused
