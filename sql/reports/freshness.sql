/*
description: Up to when usage was read, when that was, and how much of it is missing; one row.
columns:
  last_read_at: When usage was last read, UTC; null where it never was.
  last_whole_date: The last UTC day that was read in full for every project; null where there is none.
  last_usage_date: The last UTC day with usage; null where there is none.
  days_behind: How many days that are over follow on the last whole one; null where there is none.
  project_days: How many days of projects are over since reading began.
  missing_project_days: On how many of them usage was not read in full.
*/
-- Parameters: $today, the UTC day on which the report is made.

with days as (
  select
    usage_date,
    count(*) as project_days,
    count(*) filter (where status <> 'complete') as missing_project_days
  from fct_usage_coverage
  where stream = 'usage'
    and usage_date < cast($today as date)
  group by usage_date
),

reads as (
  select max(read_at) as last_read_at
  from fct_usage_coverage
  where stream = 'usage'
),

covered as (
  select
    max(usage_date) filter (where missing_project_days = 0) as last_whole_date,
    coalesce(sum(project_days), 0)::bigint as project_days,
    coalesce(sum(missing_project_days), 0)::bigint as missing_project_days
  from days
),

used as (
  select max(usage_date) as last_usage_date
  from fct_cost_daily
  where quantity > 0
),

final as (
  select
    reads.last_read_at,
    covered.last_whole_date,
    used.last_usage_date,
    (cast($today as date) - 1 - covered.last_whole_date)::bigint as days_behind,
    covered.project_days,
    covered.missing_project_days
  from reads
  cross join covered
  cross join used
)

select
  last_read_at,
  last_whole_date,
  last_usage_date,
  days_behind,
  project_days,
  missing_project_days
from final
