/*
description: >-
  Which days of the month were read for which project, as unbroken stretches of one result. Days without any entry, up
  to the day of the report, were not read for anyone. The data end before them. An organisation that could never be read
  has an entry for all of them.
grain: [stream, organization_id, project_id, status, message, first_date]
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
  organization_id: The organisation; null where nothing was read for any.
  organization_name: Its name; its id where it has none.
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
    fct_usage_coverage.organization_id,
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
    null as organization_id,
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

never_read as (
  select
    'usage' as stream,
    dim_organization.organization_id,
    null as project_id,
    null as project_name,
    days.usage_date,
    dim_organization.read_status as status,
    null::timestamp as read_at,
    dim_organization.message
  from dim_organization
  cross join days
  where dim_organization.read_status = 'failed'
    and dim_organization.organization_id not in (
      select organization_id from fct_usage_coverage where organization_id is not null
    )
),

project_days as (
  select *
  from entries

  union all

  select *
  from unread_days

  union all

  select *
  from never_read
),

-- Consecutive days less their rank are one and the same day.
stretches as (
  select
    stream,
    organization_id,
    project_id,
    project_name,
    status,
    message,
    read_at,
    usage_date,
    usage_date - (row_number() over (
      partition by stream, organization_id, project_id, status, message
      order by usage_date
    ))::integer as stretch
  from project_days
),

final as (
  select
    stretches.stream,
    stretches.organization_id,
    case
      when stretches.organization_id is not null
        then coalesce(max(dim_organization.organization_name), stretches.organization_id)
    end as organization_name,
    stretches.project_id,
    case
      when stretches.project_id is not null then coalesce(max(stretches.project_name), stretches.project_id)
    end as project_name,
    stretches.status,
    min(stretches.usage_date) as first_date,
    max(stretches.usage_date) as last_date,
    count(*) as day_count,
    max(stretches.read_at) as last_read_at,
    stretches.message
  from stretches
  left join dim_organization
    on stretches.organization_id = dim_organization.organization_id
  group by
    stretches.stream,
    stretches.organization_id,
    stretches.project_id,
    stretches.status,
    stretches.message,
    stretches.stretch
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
  message,
  organization_id,
  organization_name
from final
order by
  case when status = 'complete' then 1 else 0 end,
  case stream when 'usage' then 0 else 1 end,
  project_id nulls first,
  organization_id nulls first,
  first_date,
  status,
  message
