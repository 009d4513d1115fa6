/*
description: How far off each method was, from each beginning of the back-test, by day and in the sum of a span of days.
grain: [scope_number, weeks_back, target, method_number]
columns:
  scope_number: The scope, as in int_gpu_hours_scopes.
  weeks_back: How many weeks before the trend's last day the forecast began.
  target: day, month_end or next_30_days.
  method_number: The method, as in int_forecast_methods.
  comparisons: How many forecasts were compared; for a span of days, one.
  gpu_hours: What was used on the days compared.
  absolute_error: The distances between forecast and use, added up.
*/
with runs as (
  select
    runs.scope_number,
    runs.weeks_back,
    runs.horizon,
    runs.gpu_hours,
    runs.forecasts,
    spans.unknown_days as month_end_days
  from int_forecast_runs as runs
  inner join int_forecast_spans as spans
    on runs.scope_number = spans.scope_number
    and spans.target = 'month_end'
  where runs.weeks_back > 0
    and runs.known_days >= 14
    and runs.gpu_hours is not null
),

used as (
  select
    scope_number,
    weeks_back,
    month_end_days,
    count(*) as days,
    sum(gpu_hours) as gpu_hours,
    count(*) filter (where horizon <= 30) as days_30,
    sum(gpu_hours) filter (where horizon <= 30) as gpu_hours_30,
    count(*) filter (where horizon <= month_end_days) as days_month_end,
    sum(gpu_hours) filter (where horizon <= month_end_days) as gpu_hours_month_end
  from runs
  group by
    scope_number,
    weeks_back,
    month_end_days
),

errors as (
  select
    scope_number,
    weeks_back,
    horizon,
    month_end_days,
    unnest(range(1, len(forecasts) + 1)) as method_number,
    unnest(forecasts) - gpu_hours as error
  from runs
),

off as (
  select
    scope_number,
    weeks_back,
    method_number,
    sum(abs(error)) as absolute_error,
    sum(error) filter (where horizon <= 30) as error_30,
    sum(error) filter (where horizon <= month_end_days) as error_month_end
  from errors
  group by
    scope_number,
    weeks_back,
    method_number
),

summed as (
  select
    off.*,
    used.* exclude (scope_number, weeks_back)
  from off
  inner join used
    on off.scope_number = used.scope_number
    and off.weeks_back = used.weeks_back
),

-- A span counts where three quarters of its days are known; forecast and use are summed over the same days.
final as (
  select
    scope_number,
    weeks_back,
    'day' as target,
    method_number,
    days as comparisons,
    gpu_hours,
    absolute_error
  from summed

  union all

  select
    scope_number,
    weeks_back,
    'next_30_days',
    method_number,
    1,
    gpu_hours_30,
    abs(error_30)
  from summed
  where weeks_back * 7 >= 30
    and days_30 * 4 >= 30 * 3

  union all

  select
    scope_number,
    weeks_back,
    'month_end',
    method_number,
    1,
    gpu_hours_month_end,
    abs(error_month_end)
  from summed
  where weeks_back * 7 >= month_end_days
    and days_month_end * 4 >= month_end_days * 3
)

select
  scope_number,
  weeks_back,
  target,
  method_number::tinyint as method_number,
  comparisons::integer as comparisons,
  gpu_hours::decimal(38, 12) as gpu_hours,
  absolute_error::decimal(38, 12) as absolute_error
from final
