/*
description: >-
  GPU-hours by ISO week and by month, for everything and by project, GPU type, region and cost centre, with the change
  on the period before. A period that is not over, or not known whole, says so and is compared with nothing.
grain: [period, period_start, scope, scope_value]
columns:
  period: week (Monday to Sunday) or month.
  period_start: Its first day.
  period_end: Its last day.
  scope: all, project, gpu_type, region or cost_centre.
  scope_value: >-
    The project's id, the GPU type, the region or the cost centre, which is unassigned for projects without one; all
    where the scope is all.
  scope_name: What it is called.
  gpu_hours: GPU-hours of those of its days that are known, also in part; null where none is.
  days: How many days the period has.
  known_days: How many of them were read whole. Days before the first use count where they were read.
  is_over: Whether the trend reaches its last day.
  is_whole: Whether it is over and every day of it was read whole.
  daily_mean: gpu_hours by day; null unless is_whole.
  previous_gpu_hours: GPU-hours of the period before; null unless that is whole too.
  change: gpu_hours less previous_gpu_hours; null unless both are whole.
  change_ratio: gpu_hours over previous_gpu_hours, less 1; null unless both are whole, and where that is 0.
  daily_mean_change_ratio: The same of the daily means, since months differ in length.
tests:
  - not_null: [period, period_start, period_end, scope, scope_value, scope_name, days, known_days, is_over, is_whole]
  - accepted_values:
      column: period
      values: [week, month]
  - range: {column: known_days, min: 0, max: 31}
*/
with calendar as (
  select
    usage_date,
    date_trunc('week', usage_date)::date as week,
    date_trunc('month', usage_date)::date as month
  from int_gpu_hours_days
),

-- Days are summed once, up to where a week or a month ends.
parts as (
  select
    days.scope_number,
    calendar.week,
    calendar.month,
    sum(days.gpu_hours) as gpu_hours,
    count(*) filter (where days.is_whole) as whole_days
  from int_gpu_hours_by_scope as days
  inner join calendar
    on days.usage_date = calendar.usage_date
  group by
    days.scope_number,
    calendar.week,
    calendar.month
),

sums as (
  select
    'week' as period,
    week as period_start,
    scope_number,
    sum(gpu_hours) as gpu_hours,
    sum(whole_days)::bigint as whole_days
  from parts
  group by
    week,
    scope_number

  union all

  select
    'month',
    month,
    scope_number,
    sum(gpu_hours),
    sum(whole_days)::bigint
  from parts
  group by
    month,
    scope_number
),

periods as (
  select
    sums.*,
    case when period = 'week' then period_start + 6 else last_day(period_start) end as period_end,
    case
      when period = 'week' then period_start - 7
      else (period_start - interval 1 month)::date
    end as previous_start,
    scopes.scope,
    scopes.scope_value,
    scopes.scope_name,
    scopes.first_date,
    scopes.known_from,
    scopes.last_date
  from sums
  inner join int_gpu_hours_scopes as scopes
    on sums.scope_number = scopes.scope_number
),

covered as (
  select
    *,
    (period_end - period_start + 1)::integer as days,
    (
      whole_days
      + greatest(least(first_date, period_end + 1) - greatest(known_from, period_start), 0)
    )::integer as known_days,
    period_end <= last_date as is_over
  from periods
),

-- A DOUBLE of so wide a DECIMAL is dear, so that there is one of each sum.
judged as (
  select
    *,
    gpu_hours::double as gpu_hours_double,
    is_over and known_days = days as is_whole
  from covered
),

compared as (
  select
    judged.*,
    case
      when not judged.is_whole then null
      when previous.is_whole then previous.gpu_hours
      -- There is no row of a period before the first use.
      when previous.period_start is null and judged.known_from <= judged.previous_start then 0
    end::decimal(38, 12) as previous_gpu_hours,
    case when previous_gpu_hours is not null then coalesce(previous.gpu_hours_double, 0) end as previous_double,
    judged.period_start - judged.previous_start as previous_days
  from judged
  left join judged as previous
    on judged.period = previous.period
    and judged.previous_start = previous.period_start
    and judged.scope_number = previous.scope_number
),

final as (
  select
    period,
    period_start,
    period_end,
    scope,
    scope_value,
    scope_name,
    gpu_hours::decimal(38, 12) as gpu_hours,
    days,
    known_days,
    is_over,
    is_whole,
    -- A quotient by way of DOUBLE, and then that of what it leaves over: together exact, and rounded half up.
    case when is_whole then (gpu_hours_double / days)::decimal(38, 12) end as near_mean,
    (
      near_mean
      + (floor(round((gpu_hours - near_mean * days::decimal(2, 0))::double * 1e12) / days + 0.5) / 1e12)::decimal(25, 12)
    )::decimal(38, 12) as daily_mean,
    previous_gpu_hours,
    case when is_whole then gpu_hours - previous_gpu_hours end::decimal(38, 12) as change,
    gpu_hours_double / nullif(previous_double, 0) - 1 as change_ratio,
    (gpu_hours_double / days) / nullif(previous_double / previous_days, 0) - 1 as daily_mean_change_ratio
  from compared
)

select
  period,
  period_start,
  period_end,
  scope,
  scope_value,
  scope_name,
  gpu_hours,
  days,
  known_days,
  is_over,
  is_whole,
  daily_mean,
  previous_gpu_hours,
  change,
  change_ratio,
  daily_mean_change_ratio
from final
