/*
description: Since when every day of a project's usage up to yesterday was read whole, so that a missing row in those days means that there was none.
grain: [project_id]
columns:
  project_id: The project; one of which yesterday was not read whole has no row.
  first_read_date: The first of those days.
*/
with islands as (
  select
    days.project_id,
    days.usage_date,
    days.usage_date
    - (row_number() over (partition by days.project_id order by days.usage_date))::integer as island
  from int_usage_read_days as days
  cross join meta.build as build
  where days.is_whole
    and days.usage_date < build.today
),

final as (
  select
    islands.project_id,
    min(islands.usage_date) as first_read_date
  from islands
  cross join meta.build as build
  group by
    islands.project_id,
    islands.island
  having max(islands.usage_date) = max(build.today) - 1
)

select
  project_id,
  first_read_date
from final
