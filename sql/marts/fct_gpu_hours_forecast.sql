/*
description: >-
  GPU-hours to the end of the month that the day after the trend's last lies in, and of the 30 days after it, with an
  80 % interval. What is known of the span counts as it is. fct_forecast_accuracy says how good the methods are.
grain: [scope, scope_value, target]
columns:
  scope: all, project, gpu_type, region or cost_centre.
  scope_value: >-
    The project's id, the GPU type, the region or the cost centre, which is unassigned for projects without one; all
    where the scope is all.
  scope_name: What it is called.
  target: month_end or next_30_days.
  starts_on: The first day of the span.
  ends_on: The last day of the span.
  known_days: How many of its days were read whole.
  known_gpu_hours: The GPU-hours of those.
  missing_days: How many of its days are over and were not read whole; they are forecast too, at no less than what is known.
  forecast_days: How many of its days are still to come.
  forecast: GPU-hours of the whole span, which is known_gpu_hours and the forecast of every other day; null with too little history.
  forecast_low: The lower end of the 80 % interval, at no less than what is known; null without a back-test.
  forecast_high: The upper end of it.
  method: What the method is called; null without a forecast.
  mean_absolute_error: What the method was off by in the back-test, over as many days as are forecast; null without one.
  naive_mean_absolute_error: The same of the better naive method.
  note: What is to be said of the forecast; null where there is nothing.
tests:
  - not_null: [scope, scope_value, scope_name, target, starts_on, ends_on, known_days, known_gpu_hours, missing_days]
  - accepted_values:
      column: target
      values: [month_end, next_30_days]
  - range: {column: forecast_low, min: 0}
    severity: warn
*/
with unknown as (
  select
    days.scope_number,
    days.target,
    max(days.method_number) as method_number,
    sum(days.forecast) as forecast
  from int_forecast_days as days
  inner join int_forecast_spans as spans
    on days.scope_number = spans.scope_number
    and days.target = spans.target
    and days.usage_date <= spans.ends_on
  group by
    days.scope_number,
    days.target
),

-- What is known in part of a day that was not read whole is no less certain for that.
parts as (
  select
    spans.scope_number,
    spans.target,
    sum(days.gpu_hours) as gpu_hours
  from int_forecast_spans as spans
  inner join int_gpu_hours_by_scope as days
    on spans.scope_number = days.scope_number
    and spans.starts_on <= days.usage_date
  group by
    spans.scope_number,
    spans.target
),

whole_days as (
  select
    days.scope_number,
    count(*) as days
  from int_gpu_hours_by_scope as days
  inner join int_gpu_hours_scopes as scopes
    on days.scope_number = scopes.scope_number
    and days.usage_date > scopes.last_date - 56
  where days.is_whole
  group by days.scope_number
),

final as (
  select
    scopes.scope,
    scopes.scope_value,
    scopes.scope_name,
    spans.target,
    spans.starts_on,
    spans.ends_on,
    spans.known_days,
    spans.known_gpu_hours,
    spans.missing_days,
    spans.forecast_days,
    (spans.known_gpu_hours + unknown.forecast)::decimal(38, 12) as forecast,
    greatest(
      spans.known_gpu_hours + unknown.forecast - intervals.half_width,
      coalesce(parts.gpu_hours, 0)
    )::decimal(38, 12) as forecast_low,
    (spans.known_gpu_hours + unknown.forecast + intervals.half_width)::decimal(38, 12) as forecast_high,
    methods.method,
    round(errors.absolute_error / errors.comparisons, 6)::decimal(38, 6) as mean_absolute_error,
    round(errors.naive_absolute_error / errors.comparisons, 6)::decimal(38, 6) as naive_mean_absolute_error,
    nullif(
      concat_ws(
        ' ',
        case
          when unknown.forecast is null
            then 'No forecast: ' || coalesce(whole_days.days, 0) || ' of the last 56 days were read whole; 7 are needed.'
          when errors.scope_number is null
            then 'Too little history for a back-test: as on the same weekday of the last known week, without an interval.'
        end,
        case
          when spans.missing_days > 0 and unknown.forecast is not null
            then spans.missing_days
              || case when spans.missing_days = 1 then ' day of the span was' else ' days of the span were' end
              || ' not read whole, and forecast too.'
        end
      ),
      ''
    ) as note,
    intervals.half_width
  from int_forecast_spans as spans
  inner join int_gpu_hours_scopes as scopes
    on spans.scope_number = scopes.scope_number
  left join unknown
    on spans.scope_number = unknown.scope_number
    and spans.target = unknown.target
  left join int_forecast_methods as methods
    on unknown.method_number = methods.method_number
  left join int_forecast_errors as errors
    on spans.scope_number = errors.scope_number
    and spans.target = errors.target
    and errors.is_chosen
  left join int_forecast_intervals as intervals
    on spans.scope_number = intervals.scope_number
    and spans.target = intervals.target
  left join parts
    on spans.scope_number = parts.scope_number
    and spans.target = parts.target
  left join whole_days
    on spans.scope_number = whole_days.scope_number
)

select
  scope,
  scope_value,
  scope_name,
  target,
  starts_on,
  ends_on,
  known_days,
  known_gpu_hours,
  missing_days,
  forecast_days,
  forecast,
  case when half_width is not null then forecast_low end as forecast_low,
  forecast_high,
  method,
  mean_absolute_error,
  naive_mean_absolute_error,
  note
from final
