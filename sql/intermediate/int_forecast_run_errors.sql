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
with forecasts as (
  select
    scope_number,
    weeks_back,
    horizon,
    gpu_hours,
    unnest(range(1, len(forecasts) + 1)) as method_number,
    unnest(forecasts) as forecast
  from int_forecast_runs
  where weeks_back > 0
    and known_days >= 14
    and gpu_hours is not null
),

spans as (
  select
    scope_number,
    max(unknown_days) filter (where target = 'month_end') as month_end_days
  from int_forecast_spans
  group by scope_number
),

summed as (
  select
    forecasts.scope_number,
    forecasts.weeks_back,
    forecasts.method_number,
    max(spans.month_end_days) as month_end_days,
    count(*) as days,
    sum(forecasts.gpu_hours) as gpu_hours,
    sum(abs(forecasts.forecast - forecasts.gpu_hours)) as absolute_error,
    count(*) filter (where horizon <= 30) as days_30,
    sum(forecasts.gpu_hours) filter (where horizon <= 30) as gpu_hours_30,
    sum(forecasts.forecast - forecasts.gpu_hours) filter (where horizon <= 30) as error_30,
    count(*) filter (where horizon <= month_end_days) as days_month_end,
    sum(forecasts.gpu_hours) filter (where horizon <= month_end_days) as gpu_hours_month_end,
    sum(forecasts.forecast - forecasts.gpu_hours) filter (where horizon <= month_end_days) as error_month_end
  from forecasts
  inner join spans
    on forecasts.scope_number = spans.scope_number
  group by
    forecasts.scope_number,
    forecasts.weeks_back,
    forecasts.method_number
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
