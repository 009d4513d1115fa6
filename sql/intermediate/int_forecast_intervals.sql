/*
description: >-
  How wide the 80 % interval around each forecast is, by what the chosen method was off by in the back-test; and how
  often one that is made of the older half of the back-test held what came in the newer half.
grain: [scope_number, target, horizon_week]
columns:
  scope_number: The scope, as in int_gpu_hours_scopes.
  target: day, month_end or next_30_days.
  horizon_week: For a day, which week ahead it lies in, from 1 to 4, the last with all after it; 0 for a span of days.
  half_width: What four fifths of the forecasts were off by at most; null where fewer than 4 runs were compared.
  comparisons: How many forecasts of the newer half were held against an interval of the older half.
  hits: How many of them lay in it.
*/
with chosen as (
  select
    scope_number,
    target,
    method_number
  from int_forecast_errors
  where is_chosen
),

days as (
  select
    runs.scope_number,
    runs.weeks_back,
    unnest([1, 2, 3, 4, 4]) as horizon_week,
    unnest([runs.used_1, runs.used_2, runs.used_3, runs.used_4, runs.used_5]) as gpu_hours,
    coalesce(runs.forecasts[chosen.method_number], unnest(runs.damped)) as forecast
  from int_forecast_runs as runs
  inner join chosen
    on runs.scope_number = chosen.scope_number
    and chosen.target = 'day'
  where runs.weeks_back > 0
    and runs.known_days >= 14
),

errors as (
  select
    scope_number,
    'day' as target,
    horizon_week,
    horizon_week * 7 as days_ahead,
    weeks_back,
    abs(forecast - gpu_hours) as absolute_error
  from days
  where gpu_hours is not null

  union all

  select
    runs.scope_number,
    runs.target,
    0,
    spans.unknown_days,
    runs.weeks_back,
    runs.absolute_error
  from int_forecast_run_errors as runs
  inner join int_forecast_spans as spans
    on runs.scope_number = spans.scope_number
    and runs.target = spans.target
  inner join chosen
    on runs.scope_number = chosen.scope_number
    and runs.target = chosen.target
    and runs.method_number = chosen.method_number
  where runs.target <> 'day'
),

-- Runs are counted by a bit for each.
collected as (
  select
    scope_number,
    target,
    horizon_week,
    days_ahead,
    list_sort(list(absolute_error)) as all_errors,
    bit_count(bit_or(1 << weeks_back))::integer as all_runs,
    coalesce(list_sort(list(absolute_error) filter (where weeks_back >= 14)), []) as older_errors,
    bit_count(bit_or(1 << weeks_back) filter (where weeks_back >= 14))::integer as older_runs,
    coalesce(list(absolute_error) filter (where weeks_back < 14), []) as newer_errors
  from errors
  group by
    scope_number,
    target,
    horizon_week,
    days_ahead
),

-- Of n errors the one of rank 4/5 × n × (1 + days ahead / (14 × runs)), rounded up. Where the runs did not overlap,
-- one in 1/n would do, as in split conformal prediction; they begin every 7 days, and so say less than their number.
ranked as (
  select
    scope_number,
    target,
    horizon_week,
    case
      when all_runs >= 4
        then all_errors[
          least(
            (4 * len(all_errors) * (14 * all_runs + days_ahead) + 70 * all_runs - 1) // (70 * all_runs),
            len(all_errors)
          )
        ]
    end as half_width,
    case
      when older_runs >= 4
        then older_errors[
          least(
            (4 * len(older_errors) * (14 * older_runs + days_ahead) + 70 * older_runs - 1) // (70 * older_runs),
            len(older_errors)
          )
        ]
    end as older_half_width,
    newer_errors
  from collected
),

-- An interval does not get narrower as it looks further ahead.
final as (
  select
    scope_number,
    target,
    horizon_week,
    max(half_width) over (
      partition by scope_number, target
      order by horizon_week
    )::decimal(38, 12) as half_width,
    case when older_half_width is null then 0 else len(newer_errors) end::integer as comparisons,
    len(list_filter(newer_errors, lambda error: error <= older_half_width))::integer as hits
  from ranked
)

select
  scope_number,
  target,
  horizon_week,
  half_width,
  comparisons,
  hits
from final
