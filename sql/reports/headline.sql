/*
description: >-
  The figures at the head of a report, one a row, with the month before beside them; a cost has one row for each
  currency that prices are in. What is idle is known as of now only.
grain: [figure, unit]
columns:
  figure: What is counted, in words joined by underscores.
  unit: What it is counted in; of an amount, its currency.
  value: The figure; null where it is not known.
  previous_value: The figure of the days before that the month is compared with; null where nothing was read in them.
  change: Value less previous value; null where one of them is.
*/
-- Parameters: $period_start, $period_end, $previous_start, $previous_end (ends exclusive), $today.

with days as (
  select
    usage_date,
    usage_date >= cast($period_start as date) as is_current
  from (
    select unnest(generate_series(cast($previous_start as date), cast($previous_end as date) - 1, interval 1 day))::date as usage_date
    union all
    select unnest(generate_series(cast($period_start as date), cast($period_end as date) - 1, interval 1 day))::date
  )
),

usage as (
  select
    days.is_current,
    fct_cost_daily.project_id,
    fct_cost_daily.resource_type,
    fct_cost_daily.quantity,
    fct_cost_daily.gpu_hours,
    fct_cost_daily.currency,
    fct_cost_daily.cost
  from fct_cost_daily
  inner join days
    on days.usage_date = fct_cost_daily.usage_date
),

first_day as (
  select min(usage_date) as usage_date
  from fct_usage_coverage
  where stream = 'usage'
),

-- A day on which no project has any entry was not read for anyone: the data end before it.
coverage as (
  select
    days.is_current,
    days.usage_date,
    coalesce(fct_usage_coverage.status = 'complete', false) as is_whole
  from days
  inner join first_day
    on first_day.usage_date <= days.usage_date
  left join fct_usage_coverage
    on fct_usage_coverage.usage_date = days.usage_date
    and fct_usage_coverage.stream = 'usage'
  where days.usage_date < cast($today as date)
),

measured as (
  select
    is_current,
    count(*) as row_count,
    coalesce(sum(gpu_hours), 0) as gpu_hours,
    sum(cost) filter (where currency = (select currency from meta_build)) as cost,
    coalesce(sum(gpu_hours) filter (where cost is null), 0) as unpriced_gpu_hours,
    count(distinct resource_type) filter (where cost is null and quantity > 0) as unpriced_resource_types,
    count(distinct project_id) filter (where quantity > 0) as active_projects
  from usage
  group by is_current
),

read_days as (
  select
    is_current,
    count(*) filter (where is_whole) as read_project_days,
    count(*) filter (where not is_whole) as missing_project_days,
    count(distinct usage_date) filter (where not is_whole) as missing_days
  from coverage
  group by is_current
),

periods as (
  select
    sides.is_current,
    coalesce(measured.row_count, 0) + coalesce(read_days.read_project_days, 0) > 0 as is_known,
    coalesce(measured.gpu_hours, 0) as gpu_hours,
    case when measured.row_count is null then 0 else measured.cost end as cost,
    coalesce(measured.unpriced_gpu_hours, 0) as unpriced_gpu_hours,
    coalesce(measured.unpriced_resource_types, 0) as unpriced_resource_types,
    coalesce(measured.active_projects, 0) as active_projects,
    coalesce(read_days.read_project_days, 0) as read_project_days,
    coalesce(read_days.missing_project_days, 0) as missing_project_days,
    coalesce(read_days.missing_days, 0) as missing_days
  from (select unnest([true, false]) as is_current) as sides
  left join measured
    on measured.is_current = sides.is_current
  left join read_days
    on read_days.is_current = sides.is_current
),

idle as (
  select
    count(*) as idle_findings,
    count(*) filter (where monthly_waste is null) as unpriced_idle_findings,
    case
      when count(*) = 0 then 0
      else sum(counted_monthly_waste) filter (where currency = (select currency from meta_build))
    end as idle_waste_per_month,
    count(*) filter (where idle_since >= cast($period_start as timestamp)) as new_idle_findings
  from fct_idle_findings
  where status = 'open'
),

figures as (
  select
    current_month.is_known as is_known,
    previous_month.is_known as is_previous_known,
    unnest([
      {position: 1, figure: 'gpu_hours', unit: 'GPU-hours', value: current_month.gpu_hours::decimal(38, 10), previous: previous_month.gpu_hours::decimal(38, 10)},
      {position: 2, figure: 'cost', unit: meta_build.currency, value: current_month.cost::decimal(38, 10), previous: previous_month.cost::decimal(38, 10)},
      {position: 3, figure: 'unpriced_gpu_hours', unit: 'GPU-hours', value: current_month.unpriced_gpu_hours::decimal(38, 10), previous: previous_month.unpriced_gpu_hours::decimal(38, 10)},
      {position: 4, figure: 'unpriced_resource_types', unit: 'resource types', value: current_month.unpriced_resource_types::decimal(38, 10), previous: previous_month.unpriced_resource_types::decimal(38, 10)},
      {position: 5, figure: 'active_projects', unit: 'projects', value: current_month.active_projects::decimal(38, 10), previous: previous_month.active_projects::decimal(38, 10)},
      {position: 6, figure: 'idle_waste_per_month', unit: meta_build.currency, value: idle.idle_waste_per_month::decimal(38, 10), previous: null},
      {position: 7, figure: 'idle_findings', unit: 'resources', value: idle.idle_findings::decimal(38, 10), previous: null},
      {position: 8, figure: 'new_idle_findings', unit: 'resources', value: idle.new_idle_findings::decimal(38, 10), previous: null},
      {position: 9, figure: 'unpriced_idle_findings', unit: 'resources', value: idle.unpriced_idle_findings::decimal(38, 10), previous: null},
      {position: 10, figure: 'read_project_days', unit: 'project-days', value: current_month.read_project_days::decimal(38, 10), previous: previous_month.read_project_days::decimal(38, 10)},
      {position: 11, figure: 'missing_project_days', unit: 'project-days', value: current_month.missing_project_days::decimal(38, 10), previous: previous_month.missing_project_days::decimal(38, 10)},
      {position: 12, figure: 'missing_days', unit: 'days', value: current_month.missing_days::decimal(38, 10), previous: previous_month.missing_days::decimal(38, 10)}
    ]) as entry
  from periods as current_month
  cross join periods as previous_month
  cross join idle
  cross join meta_build
  where current_month.is_current
    and not previous_month.is_current
),

other_currencies as (
  select
    currency,
    sum(cost) filter (where is_current)::decimal(38, 10) as value,
    sum(cost) filter (where not is_current)::decimal(38, 10) as previous
  from usage
  where currency <> (select currency from meta_build)
  group by currency
),

other_idle_currencies as (
  select
    currency,
    sum(counted_monthly_waste)::decimal(38, 10) as value
  from fct_idle_findings
  where status = 'open'
    and currency <> (select currency from meta_build)
  group by currency
),

final as (
  select
    entry.position,
    entry.figure,
    entry.unit,
    entry.value,
    case when is_previous_known then entry.previous end as previous_value,
    case when is_previous_known then entry.value - entry.previous end as change
  from figures
  union all
  select
    2,
    'cost',
    currency,
    value,
    previous,
    value - previous
  from other_currencies
  union all
  select
    6,
    'idle_waste_per_month',
    currency,
    value,
    null,
    null
  from other_idle_currencies
)

select
  figure,
  unit,
  value,
  previous_value,
  change
from final
order by
  position,
  figure,
  unit = (select currency from meta_build) desc,
  unit
