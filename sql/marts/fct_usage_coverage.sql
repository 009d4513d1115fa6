/*
description: Which days of usage were read for which project, when and with what result. What is not read is not zero.
grain: [project_id, usage_date, stream]
incremental:
  by: usage_date
  follows: [{int_usage_attempts: [window_from, window_to]}, int_usage_expected_days]
columns:
  organization_id: The organisation.
  project_id: The project.
  project_name: Its latest name; its id where it has none.
  usage_date: The UTC day.
  stream: usage or resource_usage.
  status: complete if its last reading that succeeded was whole and after the day's end, partial if that was not so, failed if it, or its organisation, was tried only in vain, not_offered, or not_yet if never tried.
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
-- What is read is numbered, and attempts in the order of their time: of the many that a day has had only numbers are
-- compared.
with attempts as (
  select
    *,
    row_number() over (order by attempted_at, status = 'complete', message, status) as reading_number,
    row_number() over (order by attempted_at, status, message) as attempt_number,
    dense_rank() over (order by project_id, stream) as series_number
  from int_usage_attempts
),

attempted_days as (
  select
    series_number,
    unnest(generate_series(window_from, window_to, interval 1 day))::date as usage_date,
    case when status in ('complete', 'partial') then reading_number end as reading_number,
    attempt_number
  from attempts
),

tried as (
  select
    series_number,
    usage_date,
    -- What the tables hold is what the last reading that succeeded gave; one that failed takes nothing back.
    max(reading_number) as reading_number,
    max(attempt_number) as attempt_number
  from attempted_days
  group by
    series_number,
    usage_date
),

attempted_series as (
  select
    series_number,
    project_id,
    stream,
    max(organization_id) as organization_id
  from attempts
  group by
    series_number,
    project_id,
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

expected_series as (
  select
    projects.organization_id,
    projects.project_id,
    streams.stream,
    attempted_series.series_number,
    case
      when not_offered.stream is not null then 'not_offered'
      when outages.scope is not null then 'failed'
      else 'not_yet'
    end as status,
    coalesce(not_offered.message, outages.message, known.message) as message
  from expected_projects as projects
  cross join (select unnest(['usage', 'resource_usage']) as stream) as streams
  left join int_projects as known
    on projects.project_id = known.project_id
  left join int_usage_not_offered as not_offered
    on projects.organization_id = not_offered.organization_id
    and streams.stream = not_offered.stream
  left join int_outages as outages
    on outages.scope = 'organization'
    and projects.organization_id = outages.scope_value
  left join attempted_series
    on projects.project_id = attempted_series.project_id
    and streams.stream = attempted_series.stream
),

expected as (
  select
    series.*,
    days.usage_date
  from expected_series as series
  inner join int_usage_expected_days as days
    on series.organization_id = days.organization_id
),

days as (
  select
    series.organization_id,
    series.project_id,
    tried.usage_date,
    series.stream,
    case
      when readings.reading_number is null then latest.status
      when readings.status = 'complete' and readings.attempted_at >= tried.usage_date + interval 1 day then 'complete'
      else 'partial'
    end as status,
    readings.attempted_at as read_at,
    case
      when readings.reading_number is null then latest.message
      when readings.status <> 'complete' then coalesce(readings.message, 'Some of its rows could not be read.')
      when readings.attempted_at < tried.usage_date + interval 1 day then 'Read before the day had ended.'
    end as message
  from tried
  left join attempts as readings
    on tried.reading_number = readings.reading_number
  inner join attempts as latest
    on tried.attempt_number = latest.attempt_number
  inner join attempted_series as series
    on tried.series_number = series.series_number

  union all

  select
    expected.organization_id,
    expected.project_id,
    expected.usage_date,
    expected.stream,
    expected.status,
    null as read_at,
    expected.message
  from expected
  anti join tried
    on expected.series_number = tried.series_number
    and expected.usage_date = tried.usage_date
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
