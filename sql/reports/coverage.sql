/*
description: >-
  Which days of the month were read for which project, as unbroken stretches of one result. Days without any entry, up
  to the day of the report, were not read for anyone. The data end before them.
grain: [stream, project_id, status, message, first_date]
columns:
  stream: What was read, usage by project or usage by resource.
  project_id: The project; null where it was read for all of them at once, or for none.
  project_name: Its name; its id where it has none.
  status: complete, partial, failed or another result as fct_usage_coverage has it; not_yet where nothing was read.
  first_date: The first UTC day of the stretch.
  last_date: Its last UTC day.
  day_count: How many days it has.
  last_read_at: When a day of it was last read, UTC; null where none was.
  message: What the API or the network said where reading failed.
*/
-- Parameters: $period_start, $period_end (exclusive), $today.

with days as (
  select unnest(generate_series(
    cast($period_start as date),
    least(cast($period_end as date), cast($today as date)) - 1,
    interval 1 day
  ))::date as usage_date
),

entries as (
  select
    fct_usage_coverage.stream,
    fct_usage_coverage.project_id,
    fct_usage_coverage.project_name,
    fct_usage_coverage.usage_date,
    fct_usage_coverage.status,
    fct_usage_coverage.read_at,
    fct_usage_coverage.message
  from fct_usage_coverage
  inner join days
    on days.usage_date = fct_usage_coverage.usage_date
),

unread_days as (
  select
    'usage' as stream,
    null as project_id,
    null as project_name,
    days.usage_date,
    'not_yet' as status,
    null::timestamp as read_at,
    null as message
  from days
  where days.usage_date >= (select min(usage_date) from fct_usage_coverage where stream = 'usage')
    and days.usage_date not in (select usage_date from entries where stream = 'usage')
),

project_days as (
  select
    stream,
    project_id,
    project_name,
    usage_date,
    status,
    read_at,
    message
  from entries
  union all
  select
    stream,
    project_id,
    project_name,
    usage_date,
    status,
    read_at,
    message
  from unread_days
),

-- Consecutive days less their rank are one and the same day.
stretches as (
  select
    stream,
    project_id,
    project_name,
    status,
    message,
    read_at,
    usage_date,
    usage_date - (row_number() over (
      partition by stream, project_id, status, message
      order by usage_date
    ))::integer as stretch
  from project_days
),

final as (
  select
    stream,
    project_id,
    case when project_id is not null then coalesce(max(project_name), project_id) end as project_name,
    status,
    min(usage_date) as first_date,
    max(usage_date) as last_date,
    count(*) as day_count,
    max(read_at) as last_read_at,
    message
  from stretches
  group by
    stream,
    project_id,
    status,
    message,
    stretch
)

select
  stream,
  project_id,
  project_name,
  status,
  first_date,
  last_date,
  day_count,
  last_read_at,
  message
from final
order by
  case when status = 'complete' then 1 else 0 end,
  case stream when 'usage' then 0 else 1 end,
  project_id nulls first,
  first_date,
  status,
  message
