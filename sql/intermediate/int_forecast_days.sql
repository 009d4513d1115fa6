/*
description: >-
  The forecast of each day to come and of each day of the current month that is over and was not read whole, by the
  method of each target. A scope with too little history to back-test has the plain one of the same weekday, without an
  interval; one with less than 7 whole days in the last 8 weeks has none.
grain: [scope_number, target, usage_date]
columns:
  scope_number: The scope, as in int_gpu_hours_scopes.
  target: day, month_end or next_30_days.
  usage_date: The day.
  is_to_come: Whether it lies after the trend's last day.
  is_in_trend: Whether the trend ends with it, of the 30 days to come or up to the month's end, with target day.
  method_number: The method, as in int_forecast_methods.
  forecast: GPU-hours.
  half_width: Of the target day, half the width of the 80 % interval; null without a back-test.
*/
with chosen as (
  select
    scopes.scope_number,
    targets.target,
    coalesce(errors.method_number, 2) as method_number
  from int_gpu_hours_scopes as scopes
  cross join (select unnest(['day', 'month_end', 'next_30_days']) as target) as targets
  left join int_forecast_errors as errors
    on scopes.scope_number = errors.scope_number
    and targets.target = errors.target
    and errors.is_chosen
),

weeks as (
  select
    runs.scope_number,
    chosen.target,
    unnest([7, 14, 21, 28, 35]) - runs.weekday as horizon,
    chosen.method_number,
    coalesce(runs.forecasts[chosen.method_number], unnest(runs.damped)) as forecast
  from int_forecast_runs as runs
  inner join chosen
    on runs.scope_number = chosen.scope_number
  where runs.weeks_back = 0
),

runs as (
  select
    weeks.*,
    scopes.last_date + weeks.horizon as usage_date
  from weeks
  inner join int_gpu_hours_scopes as scopes
    on weeks.scope_number = scopes.scope_number
  where weeks.horizon <= 31
),

-- A day that was missed is taken to have been as the same weekday of the first week to come is going to be.
missed as (
  select
    spans.scope_number,
    spans.target,
    days.usage_date,
    days.gpu_hours,
    (7 - (scopes.last_date - days.usage_date) % 7)::integer as horizon
  from int_forecast_spans as spans
  inner join int_gpu_hours_scopes as scopes
    on spans.scope_number = scopes.scope_number
  inner join int_gpu_hours_by_scope as days
    on spans.scope_number = days.scope_number
    and spans.starts_on <= days.usage_date
  where not days.is_whole
),

final as (
  select
    runs.scope_number,
    runs.target,
    runs.usage_date,
    true as is_to_come,
    runs.target = 'day'
    and runs.usage_date <= greatest(scopes.last_date + 30, last_day(scopes.last_date + 1)) as is_in_trend,
    runs.method_number,
    runs.forecast,
    intervals.half_width
  from runs
  inner join int_gpu_hours_scopes as scopes
    on runs.scope_number = scopes.scope_number
  left join int_forecast_intervals as intervals
    on runs.scope_number = intervals.scope_number
    and runs.target = intervals.target
    and intervals.horizon_week = least((runs.horizon - 1) // 7 + 1, 4)

  union all

  select
    missed.scope_number,
    missed.target,
    missed.usage_date,
    false,
    false,
    runs.method_number,
    greatest(runs.forecast, coalesce(missed.gpu_hours, 0)),
    null
  from missed
  inner join runs
    on missed.scope_number = runs.scope_number
    and missed.target = runs.target
    and missed.horizon = runs.horizon
)

select
  scope_number,
  target,
  usage_date,
  is_to_come,
  is_in_trend,
  method_number,
  forecast::decimal(38, 12) as forecast,
  half_width
from final
