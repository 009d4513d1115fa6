/*
description: >-
  The spans of days whose GPU-hours are forecast as one sum, for each scope: the month of the day after the trend's
  last, and the 30 days after it.
grain: [scope_number, target]
columns:
  scope_number: The scope, as in int_gpu_hours_scopes.
  target: month_end or next_30_days.
  starts_on: The first day of the span.
  ends_on: The last day of the span.
  known_days: How many of its days were read whole.
  known_gpu_hours: The GPU-hours of those.
  missing_days: How many of its days are over and were not read whole.
  forecast_days: How many of its days are still to come.
  unknown_days: Both of these, as many as the back-test sums up.
*/
with spans as (
  select
    scope_number,
    last_date,
    'month_end' as target,
    date_trunc('month', last_date + 1)::date as starts_on,
    last_day(last_date + 1) as ends_on
  from int_gpu_hours_scopes

  union all

  select
    scope_number,
    last_date,
    'next_30_days',
    last_date + 1,
    last_date + 30
  from int_gpu_hours_scopes
),

final as (
  select
    spans.scope_number,
    spans.target,
    spans.starts_on,
    spans.ends_on,
    count(*) filter (where days.is_whole)::integer as known_days,
    coalesce(sum(days.gpu_hours) filter (where days.is_whole), 0)::decimal(38, 12) as known_gpu_hours,
    count(*) filter (where not days.is_whole)::integer as missing_days,
    (spans.ends_on - spans.last_date)::integer as forecast_days,
    least(count(*) filter (where not days.is_whole) + (spans.ends_on - spans.last_date), 31)::integer as unknown_days
  from spans
  left join int_gpu_hours_by_scope as days
    on spans.scope_number = days.scope_number
    and spans.starts_on <= days.usage_date
  group by
    spans.scope_number,
    spans.target,
    spans.starts_on,
    spans.ends_on,
    spans.last_date
)

select
  scope_number,
  target,
  starts_on,
  ends_on,
  known_days,
  known_gpu_hours,
  missing_days,
  forecast_days,
  unknown_days
from final
