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
    runs.weekday,
    runs.used_1,
    runs.used_2,
    runs.used_3,
    runs.used_4,
    runs.used_5,
    runs.forecasts::decimal(38, 12)[] as forecasts,
    runs.damped::decimal(38, 12)[] as damped,
    spans.unknown_days as month_end_days
  from int_forecast_runs as runs
  inner join int_forecast_spans as spans
    on runs.scope_number = spans.scope_number
    and spans.target = 'month_end'
  where runs.weeks_back > 0
    and runs.known_days >= 14
),

days as (
  select
    scope_number,
    weeks_back,
    unnest([7, 14, 21, 28, 35]) - weekday <= 30 as is_in_30,
    unnest([7, 14, 21, 28, 35]) - weekday <= month_end_days as is_in_month,
    month_end_days,
    unnest([used_1, used_2, used_3, used_4, used_5]) as gpu_hours,
    forecasts,
    unnest(damped) as damped
  from runs
),

errors as (
  select
    scope_number,
    weeks_back,
    month_end_days,
    is_in_30,
    is_in_month,
    gpu_hours,
    forecasts[1] - gpu_hours as error_1,
    forecasts[2] - gpu_hours as error_2,
    forecasts[3] - gpu_hours as error_3,
    forecasts[4] - gpu_hours as error_4,
    forecasts[5] - gpu_hours as error_5,
    forecasts[6] - gpu_hours as error_6,
    forecasts[7] - gpu_hours as error_7,
    forecasts[8] - gpu_hours as error_8,
    damped - gpu_hours as error_9
  from days
  where gpu_hours is not null
),

-- A case in each sum is cheaper than a filter on it, for each of which a whole row is put together.
used as (
  select
    scope_number,
    weeks_back,
    month_end_days,
    count(*) as days,
    sum(gpu_hours) as gpu_hours,
    sum(is_in_30::integer) as days_30,
    sum(case when is_in_30 then gpu_hours end) as gpu_hours_30,
    sum(is_in_month::integer) as days_month_end,
    sum(case when is_in_month then gpu_hours end) as gpu_hours_month_end,
    [
      sum(abs(error_1)),
      sum(abs(error_2)),
      sum(abs(error_3)),
      sum(abs(error_4)),
      sum(abs(error_5)),
      sum(abs(error_6)),
      sum(abs(error_7)),
      sum(abs(error_8)),
      sum(abs(error_9))
    ] as absolute_errors,
    [
      sum(case when is_in_30 then error_1 end),
      sum(case when is_in_30 then error_2 end),
      sum(case when is_in_30 then error_3 end),
      sum(case when is_in_30 then error_4 end),
      sum(case when is_in_30 then error_5 end),
      sum(case when is_in_30 then error_6 end),
      sum(case when is_in_30 then error_7 end),
      sum(case when is_in_30 then error_8 end),
      sum(case when is_in_30 then error_9 end)
    ] as errors_30,
    [
      sum(case when is_in_month then error_1 end),
      sum(case when is_in_month then error_2 end),
      sum(case when is_in_month then error_3 end),
      sum(case when is_in_month then error_4 end),
      sum(case when is_in_month then error_5 end),
      sum(case when is_in_month then error_6 end),
      sum(case when is_in_month then error_7 end),
      sum(case when is_in_month then error_8 end),
      sum(case when is_in_month then error_9 end)
    ] as errors_month_end
  from errors
  group by
    scope_number,
    weeks_back,
    month_end_days
),

summed as (
  select
    scope_number,
    weeks_back,
    month_end_days,
    days,
    gpu_hours,
    days_30,
    gpu_hours_30,
    days_month_end,
    gpu_hours_month_end,
    unnest(range(1, len(absolute_errors) + 1)) as method_number,
    unnest(absolute_errors) as absolute_error,
    unnest(errors_30) as error_30,
    unnest(errors_month_end) as error_month_end
  from used
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
