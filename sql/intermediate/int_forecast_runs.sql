/*
description: >-
  For each scope of the trend, what every method forecasts for 31 days from the trend's last day, and what it would have
  forecast from 1 to 26 weeks before it, with nothing known but what had been used by then.
grain: [scope_number, weeks_back, horizon]
columns:
  scope_number: The scope, as in int_gpu_hours_scopes.
  weeks_back: How many weeks before the trend's last day the forecast begins; 0 for the one that is still to come.
  horizon: The day that is forecast, counted from 1.
  usage_date: That day.
  known_days: How many of the 56 days up to the beginning were read whole.
  gpu_hours: What was used; null for a day to come, or one that was not read whole.
  forecasts: The forecast of each method, in the order of int_forecast_methods, rounded to 6 places.
*/
with days as (
  select
    days.scope_number,
    days.usage_date,
    (scopes.last_date - days.usage_date)::integer as age,
    case when days.is_whole then days.gpu_hours end as gpu_hours
  from int_gpu_hours_by_scope as days
  inner join int_gpu_hours_scopes as scopes
    on days.scope_number = scopes.scope_number
  -- 26 weeks back, and 8 weeks before that.
  where days.usage_date > scopes.last_date - 238
),

-- All forecasts begin on one weekday, so that weeks are counted back from it: weekday 0 is that of the last day.
weeks as (
  select
    scope_number,
    age,
    gpu_hours,
    gpu_hours::double
    - sum(gpu_hours) over week_days::double / nullif(count(gpu_hours) over week_days, 0) as from_week_mean
  from days
  window week_days as (partition by scope_number, age // 7)
),

weekdays as (
  select
    scope_number,
    age // 7 as weeks_back,
    age % 7 as weekday,
    gpu_hours,
    [
      gpu_hours,
      lead(gpu_hours, 1) over weekday_weeks,
      lead(gpu_hours, 2) over weekday_weeks,
      lead(gpu_hours, 3) over weekday_weeks
    ] as last_4,
    [
      lead(gpu_hours, 4) over weekday_weeks,
      lead(gpu_hours, 5) over weekday_weeks,
      lead(gpu_hours, 6) over weekday_weeks,
      lead(gpu_hours, 7) over weekday_weeks
    ] as earlier_4,
    [
      from_week_mean,
      lead(from_week_mean, 1) over weekday_weeks,
      lead(from_week_mean, 2) over weekday_weeks,
      lead(from_week_mean, 3) over weekday_weeks,
      lead(from_week_mean, 4) over weekday_weeks,
      lead(from_week_mean, 5) over weekday_weeks,
      lead(from_week_mean, 6) over weekday_weeks,
      lead(from_week_mean, 7) over weekday_weeks
    ] as from_week_means
  from weeks
  window weekday_weeks as (partition by scope_number, age % 7 order by age)
),

profiles as (
  select
    scope_number,
    weeks_back,
    weekday,
    gpu_hours,
    list_count(last_4) as days_4w,
    list_sum(last_4) as total_4w,
    list_count(earlier_4) as earlier_days_4w,
    list_sum(earlier_4) as earlier_total_4w,
    list_any_value(list_concat(last_4, earlier_4)) as latest,
    (list_sum(last_4)::double / nullif(list_count(last_4), 0))::decimal(38, 12) as mean_4w,
    list_median(list_concat(last_4, earlier_4))::double as median_8w,
    list_median(from_week_means) as pattern
  from weekdays
  where weeks_back <= 26
),

levels as (
  select
    scope_number,
    weeks_back,
    (sum(days_4w) + sum(earlier_days_4w))::integer as known_days,
    coalesce(
      sum(total_4w)::double / nullif(sum(days_4w), 0),
      sum(earlier_total_4w)::double / nullif(sum(earlier_days_4w), 0)
    ) as mean_28d,
    case
      when sum(days_4w) >= 14 and sum(earlier_days_4w) >= 14
        then sum(earlier_total_4w)::double / sum(earlier_days_4w)
    end as earlier_mean_28d,
    arg_min(gpu_hours, weekday) as last_value,
    sum(gpu_hours)::double / nullif(count(gpu_hours), 0) as mean_7d,
    sum(gpu_hours)::double / nullif(sum(mean_4w) filter (where gpu_hours is not null), 0)::double as level_7d,
    arg_min(gpu_hours::double - pattern, weekday) as shift_1d,
    median(gpu_hours::double - pattern) filter (where weekday < 3) as shift_3d
  from profiles
  group by
    scope_number,
    weeks_back
),

-- All methods but one forecast the same for a weekday, however far ahead.
measured as (
  select
    levels.scope_number,
    levels.weeks_back,
    profiles.weekday,
    coalesce(levels.last_value::double, levels.mean_28d) as last_value,
    coalesce(profiles.latest::double, levels.mean_28d) as same_weekday,
    levels.mean_28d,
    coalesce(profiles.mean_4w::double, levels.mean_28d) as weekday_mean_4w,
    coalesce(profiles.median_8w, levels.mean_28d) as weekday_median_8w,
    coalesce(levels.shift_1d, levels.mean_28d) + coalesce(profiles.pattern, 0) as shift_1d,
    coalesce(levels.shift_3d, levels.shift_1d, levels.mean_28d) + coalesce(profiles.pattern, 0) as shift_3d,
    weekday_mean_4w * coalesce(levels.level_7d, 1) as level_7d,
    (levels.mean_28d - levels.earlier_mean_28d) / 28 as daily_growth,
    case when levels.mean_7d > 0 then levels.mean_7d end as grown_from
  from levels
  inner join profiles
    on levels.scope_number = profiles.scope_number
    and levels.weeks_back = profiles.weeks_back
),

forecast as (
  select
    scope_number,
    weeks_back,
    weekday,
    level_7d,
    daily_growth,
    grown_from,
    [
      round(greatest(last_value, 0), 6),
      round(greatest(same_weekday, 0), 6),
      round(greatest(mean_28d, 0), 6),
      round(greatest(weekday_mean_4w, 0), 6),
      round(greatest(weekday_median_8w, 0), 6),
      round(greatest(shift_1d, 0), 6),
      round(greatest(shift_3d, 0), 6),
      round(greatest(level_7d, 0), 6)
    ]::decimal(38, 6)[] as forecasts
  from measured
),

horizons as (
  select
    horizon::integer as horizon,
    ((7 - horizon % 7) % 7)::integer as weekday,
    -- The sum of 0.97 to the power of 1 to the horizon.
    0.97e0 * (1 - pow(0.97e0, horizon)) / 0.03e0 as damped_days
  from range(1, 32) as numbers (horizon)
),

-- What was used is looked up before the forecasts are there, which are wide.
run_days as (
  select
    levels.scope_number,
    levels.weeks_back,
    levels.known_days,
    horizons.horizon,
    horizons.weekday,
    horizons.damped_days,
    days.gpu_hours
  from levels
  inner join horizons
    on levels.weeks_back = 0
    or horizons.horizon <= levels.weeks_back * 7
  left join days
    on levels.scope_number = days.scope_number
    and levels.weeks_back * 7 - horizons.horizon = days.age
  where levels.known_days >= 7
),

final as (
  select
    run_days.scope_number,
    run_days.weeks_back,
    run_days.horizon,
    scopes.last_date - run_days.weeks_back::integer * 7 + run_days.horizon as usage_date,
    run_days.known_days,
    run_days.gpu_hours,
    -- The middle of the last 7 days lies 3 days before their end.
    coalesce(forecast.daily_growth * (run_days.damped_days + 3) / forecast.grown_from, 0) as growth,
    list_append(
      forecast.forecasts,
      round(greatest(forecast.level_7d * least(1 + growth, 3), 0), 6)::decimal(38, 6)
    ) as forecasts
  from run_days
  inner join forecast
    on run_days.scope_number = forecast.scope_number
    and run_days.weeks_back = forecast.weeks_back
    and run_days.weekday = forecast.weekday
  inner join int_gpu_hours_scopes as scopes
    on run_days.scope_number = scopes.scope_number
)

select
  scope_number,
  weeks_back,
  horizon,
  usage_date,
  known_days,
  gpu_hours,
  forecasts
from final
