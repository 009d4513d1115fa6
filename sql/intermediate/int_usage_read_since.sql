/*
description: Since when every day of a project's usage, in all or by resource, was read whole up to yesterday, so that a missing row in those days means that there was none.
grain: [project_id, stream]
columns:
  project_id: The project.
  stream: usage or resource_usage; one of which yesterday was not read whole has no row.
  first_read_date: The first of those days.
*/
with whole_days as (
  select
    coverage.project_id,
    coverage.stream,
    coverage.usage_date
  from fct_usage_coverage as coverage
  cross join meta.build as build
  where coverage.status = 'complete'
    and coverage.usage_date < build.today
),

series as (
  select
    whole_days.project_id,
    whole_days.stream,
    min(whole_days.usage_date) as first_date,
    max(whole_days.usage_date) - min(whole_days.usage_date) + 1 = count(*) as is_unbroken
  from whole_days
  group by
    whole_days.project_id,
    whole_days.stream
  having max(whole_days.usage_date) = (select today - 1 from meta.build)
),

-- Most were read on every day since the first: only the others are looked through for gaps.
gaps as (
  select
    whole_days.project_id,
    whole_days.stream,
    whole_days.usage_date as day_after
  from whole_days
  inner join series
    on whole_days.project_id = series.project_id
    and whole_days.stream = series.stream
  where not series.is_unbroken
  qualify whole_days.usage_date - lag(whole_days.usage_date) over (
    partition by whole_days.project_id, whole_days.stream
    order by whole_days.usage_date
  ) > 1
),

final as (
  select
    series.project_id,
    series.stream,
    coalesce(max(gaps.day_after), series.first_date) as first_read_date
  from series
  left join gaps
    on series.project_id = gaps.project_id
    and series.stream = gaps.stream
  group by
    series.project_id,
    series.stream,
    series.first_date
)

select
  project_id,
  stream,
  first_read_date
from final
