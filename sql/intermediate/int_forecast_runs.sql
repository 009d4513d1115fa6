/*
description: >-
  For each scope of the trend, what every method forecasts for 31 days from the trend's last day, and what it would have
  forecast from 1 to 26 weeks before it, with nothing known but what had been used by then. A row stands for the same
  weekday of each week ahead: the first lies 7 - weekday days ahead, the others each 7 days later, up to 31.
grain: [scope_number, weeks_back, weekday]
columns:
  scope_number: The scope, as in int_gpu_hours_scopes.
  weeks_back: How many weeks before the trend's last day the forecast begins; 0 for the one that is still to come.
  weekday: The weekday, from 0 to 6, counted back from that of the trend's last day.
  known_days: How many of the 56 days up to the beginning were read whole.
  used_1: What was used in the first week ahead; null for a day to come, or one that was not read whole.
  used_2: The same in the second week.
  used_3: The same in the third week.
  used_4: The same in the fourth week.
  used_5: The same in the fifth week; null beyond 31 days.
  forecasts: >-
    The forecasts of the methods 1 to 8 of int_forecast_methods, each the same for every week ahead, rounded to 6 places.
  damped: The forecasts of the last method for each of the five weeks, rounded to 6 places.
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
    age // 7 as weeks_back,
    sum(gpu_hours)::double / nullif(count(gpu_hours), 0) as week_mean
  from days
  group by
    scope_number,
    age // 7
),

weekdays as (
  select
    days.scope_number,
    days.age // 7 as weeks_back,
    days.age % 7 as weekday,
    days.gpu_hours,
    days.gpu_hours::double - weeks.week_mean as from_week_mean
  from days
  inner join weeks
    on days.scope_number = weeks.scope_number
    and days.age // 7 = weeks.weeks_back
),

around as (
  select
    scope_number,
    weeks_back,
    weekday,
    gpu_hours,
    lag(gpu_hours, 1) over weekday_weeks as used_1,
    lag(gpu_hours, 2) over weekday_weeks as used_2,
    lag(gpu_hours, 3) over weekday_weeks as used_3,
    lag(gpu_hours, 4) over weekday_weeks as used_4,
    lag(gpu_hours, 5) over weekday_weeks as used_5,
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
  from weekdays
  window weekday_weeks as (partition by scope_number, weekday order by weeks_back)
),

profiles as (
  select
    scope_number,
    weeks_back,
    weekday,
    gpu_hours,
    used_1,
    used_2,
    used_3,
    used_4,
    case when weekday >= 4 then used_5 end as used_5,
    list_count(last_4) as days_4w,
    list_sum(last_4) as total_4w,
    list_count(earlier_4) as earlier_days_4w,
    list_sum(earlier_4) as earlier_total_4w,
    list_any_value(list_concat(last_4, earlier_4)) as latest,
    (list_sum(last_4)::double / nullif(list_count(last_4), 0))::decimal(38, 12) as mean_4w,
    list_median(list_concat(last_4, earlier_4))::double as median_8w,
    list_median(from_week_means) as pattern
  from around
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

-- All methods but the last forecast the same for a weekday, however far ahead.
measured as (
  select
    profiles.scope_number,
    profiles.weeks_back,
    profiles.weekday,
    profiles.used_1,
    profiles.used_2,
    profiles.used_3,
    profiles.used_4,
    profiles.used_5,
    levels.known_days,
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
  where levels.known_days >= 7
),

-- Growth goes on by 3 % less each day. The middle of the last 7 days lies 3 days before their end.
growth as (
  select
    weekday,
    list_transform(
      [7, 14, 21, 28, 35],
      lambda days_ahead: 0.97e0 * (1 - pow(0.97e0, days_ahead - weekday)) / 0.03e0 + 3
    ) as growth_days
  from range(7) as weekdays (weekday)
),

final as (
  select
    measured.scope_number,
    measured.weeks_back,
    measured.weekday,
    measured.known_days,
    measured.used_1,
    measured.used_2,
    measured.used_3,
    measured.used_4,
    measured.used_5,
    [
      greatest(measured.last_value, 0),
      greatest(measured.same_weekday, 0),
      greatest(measured.mean_28d, 0),
      greatest(measured.weekday_mean_4w, 0),
      greatest(measured.weekday_median_8w, 0),
      greatest(measured.shift_1d, 0),
      greatest(measured.shift_3d, 0),
      greatest(measured.level_7d, 0)
    ]::decimal(38, 6)[] as forecasts,
    list_transform(
      growth.growth_days,
      lambda days: greatest(
        measured.level_7d * least(1 + coalesce(measured.daily_growth * days / measured.grown_from, 0), 3),
        0
      )
    )::decimal(38, 6)[] as damped
  from measured
  inner join growth
    on measured.weekday = growth.weekday
)

select
  scope_number,
  weeks_back,
  weekday,
  known_days,
  used_1,
  used_2,
  used_3,
  used_4,
  used_5,
  forecasts,
  damped
from final
