/*
description: Which days of usage were read for which project, when and with what result. What is not read is not zero.
grain: [project_id, usage_date, stream]
columns:
  organization_id: The organisation.
  project_id: The project.
  project_name: Its latest name; its id where it has none.
  usage_date: The UTC day.
  stream: usage or resource_usage.
  status: complete if its last reading that succeeded was whole and after the day's end, partial if that was not so, failed if it was tried only in vain, not_offered, or not_yet if never tried.
  read_at: When it was last read, whole or in part, UTC; null where it never was.
  message: Why it is not complete.
tests:
  - not_null: [project_id, usage_date, stream, status]
  - accepted_values:
      column: status
      values: [complete, partial, failed, not_offered, not_yet]
  - relationship: {column: project_id, model: dim_project, to: project_id}
  - freshness: {column: read_at, within: 3 days}
    severity: warn
*/
-- Attempts by number, in the order of their time: of the many that a day has had only numbers are compared.
with attempts as (
  select
    row_number() over (
      order by windows.attempted_at, windows.status = 'complete', windows.message, windows.status
    ) as reading_number,
    row_number() over (order by windows.attempted_at, windows.status, windows.message) as attempt_number,
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
    and windows.window_from is not null
    and windows.window_from <= least(windows.window_to, build.today)
),

attempted_days as (
  select
    organization_id,
    project_id,
    stream,
    unnest(generate_series(window_from, window_to, interval 1 day))::date as usage_date,
    case when status in ('complete', 'partial') then reading_number end as reading_number,
    attempt_number
  from attempts
),

last_attempts as (
  select
    max(organization_id) as organization_id,
    project_id,
    stream,
    usage_date,
    -- What the tables hold is what the last reading that succeeded gave; one that failed takes nothing back.
    max(reading_number) as reading_number,
    max(attempt_number) as attempt_number
  from attempted_days
  group by
    project_id,
    stream,
    usage_date
),

tried as (
  select
    last_attempts.organization_id,
    last_attempts.project_id,
    last_attempts.stream,
    last_attempts.usage_date,
    case
      when readings.reading_number is not null
        then {
          'attempted_at': readings.attempted_at,
          'is_whole': readings.status = 'complete',
          'message': readings.message
        }
    end as reading,
    {'status': latest.status, 'message': latest.message} as latest
  from last_attempts
  inner join attempts as latest
    on last_attempts.attempt_number = latest.attempt_number
  left join attempts as readings
    on last_attempts.reading_number = readings.reading_number
),

offered as (
  select
    organization_id,
    stream,
    max({'attempted_at': attempted_at, 'status': status, 'message': message}) as latest
  from stg_read_windows
  where stream in ('usage', 'resource_usage')
    and window_from is not null
  group by
    organization_id,
    stream
),

expected_projects as (
  select
    organization_id,
    project_id
  from int_projects
  where is_current

  union

  select
    organization_id,
    unnest(project_ids) as project_id
  from stg_usage_options
),

expected as (
  select
    projects.organization_id,
    projects.project_id,
    known.message,
    streams.stream,
    unnest(
      generate_series(options.start_date, least(options.end_date, build.today - 1), interval 1 day)
    )::date as usage_date
  from expected_projects as projects
  cross join (select unnest(['usage', 'resource_usage']) as stream) as streams
  cross join meta.build as build
  inner join stg_usage_options as options
    on projects.organization_id = options.organization_id
  left join int_projects as known
    on projects.project_id = known.project_id
  where options.start_date <= least(options.end_date, build.today - 1)
),

days as (
  select
    tried.organization_id,
    tried.project_id,
    tried.usage_date,
    tried.stream,
    case
      when tried.reading is null then tried.latest.status
      when tried.reading.is_whole and tried.reading.attempted_at >= tried.usage_date + interval 1 day then 'complete'
      else 'partial'
    end as status,
    tried.reading.attempted_at as read_at,
    case
      when tried.reading is null then tried.latest.message
      when not tried.reading.is_whole then coalesce(tried.reading.message, 'Some of its rows could not be read.')
      when tried.reading.attempted_at < tried.usage_date + interval 1 day then 'Read before the day had ended.'
    end as message
  from tried

  union all

  select
    expected.organization_id,
    expected.project_id,
    expected.usage_date,
    expected.stream,
    case when offered.latest.status = 'not_offered' then 'not_offered' else 'not_yet' end as status,
    null as read_at,
    case
      when offered.latest.status = 'not_offered' then offered.latest.message
      else expected.message
    end as message
  from expected
  left join offered
    on expected.organization_id = offered.organization_id
    and expected.stream = offered.stream
  where not exists (
    select 1
    from tried
    where tried.project_id = expected.project_id
      and tried.stream = expected.stream
      and tried.usage_date = expected.usage_date
  )
),

final as (
  select
    days.organization_id,
    days.project_id,
    coalesce(projects.project_name, days.project_id) as project_name,
    days.usage_date,
    days.stream,
    days.status,
    days.read_at,
    days.message
  from days
  left join int_projects as projects
    on days.project_id = projects.project_id
)

select
  organization_id,
  project_id,
  project_name,
  usage_date,
  stream,
  status,
  read_at,
  message
from final
