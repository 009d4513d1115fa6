/*
description: Since when every day of a project's usage, in all or by resource, was read whole up to yesterday, so that a missing row in those days means that there was none.
grain: [project_id, stream]
columns:
  project_id: The project.
  stream: usage or resource_usage; one of which yesterday was not read whole has no row.
  first_read_date: The first of those days.
*/
with islands as (
  select
    coverage.project_id,
    coverage.stream,
    coverage.usage_date,
    coverage.usage_date
    - (row_number() over (partition by coverage.project_id, coverage.stream order by coverage.usage_date))::integer
      as island
  from fct_usage_coverage as coverage
  cross join meta.build as build
  where coverage.status = 'complete'
    and coverage.usage_date < build.today
),

final as (
  select
    islands.project_id,
    islands.stream,
    min(islands.usage_date) as first_read_date
  from islands
  cross join meta.build as build
  group by
    islands.project_id,
    islands.stream,
    islands.island
  having max(islands.usage_date) = max(build.today) - 1
)

select
  project_id,
  stream,
  first_read_date
from final
