/*
description: >-
  GPU-hours by day with their means and changes, for everything and by project, GPU type, region and cost centre, up to
  the last whole day; and after it, in rows of their own (is_forecast), the forecast of 30 days, or to the month's end.
grain: [usage_date, scope, scope_value]
incremental:
  by: usage_date
  follows:
    - int_gpu_hours_by_scope
    - int_gpu_hours_days
    - int_gpu_hours_anomalies
    - fct_gpu_hours_anomaly_drivers
    - int_forecast_days
  looks_back: 62 days
columns:
  usage_date: The UTC day.
  scope: all, project, gpu_type, region or cost_centre.
  scope_value: >-
    The project's id, the GPU type, the region or the cost centre, which is unassigned for projects without one; all
    where the scope is all.
  scope_name: What it is called.
  gpu_hours: GPU-hours of the day; 0 where the day was read and had none, null where it was not read.
  mean_7d: Mean of this day and the 6 before; null unless every one of them was read whole.
  mean_28d: Mean of this day and the 27 before; null unless every one of them was read whole.
  week_on_week: mean_7d over the one of 7 days before, less 1; null where either is missing or that is 0.
  month_on_month: mean_28d over the one of 28 days before, less 1; null where either is missing or that is 0.
  month_to_date: GPU-hours of the month up to this day; null unless every day of them was read whole.
  previous_month_to_date: >-
    The same days of the month before, or all of it where it is shorter; null unless every one of them was read whole.
  month_to_date_change: month_to_date over previous_month_to_date, less 1; null where either is missing or that is 0.
  is_anomaly: >-
    Whether the day lies far from the same weekday of the 8 weeks before, from the level of the 3 days before, and from
    the same weekday a week ago.
  anomaly_score: How far, in usual spreads, by the nearer of the first two; below 0 for a drop, null where it is none.
  expected_gpu_hours: Of an anomaly, the median of the same weekday of the 8 weeks before.
  anomaly_gpu_hours: The size of an anomaly, which is gpu_hours less expected_gpu_hours.
  anomaly_reason: Why, in words; null where it is none.
  anomaly_drivers: >-
    The three projects (of a project, resource types) that explain most of an anomaly, in words; null where it is none.
    fct_gpu_hours_anomaly_drivers has them in figures.
  is_forecast: Whether the day is still to come; gpu_hours and all that follows from them are null then.
  forecast: >-
    GPU-hours that are forecast for a day to come, by the method that fct_forecast_accuracy has as chosen for target day;
    null for other days.
  forecast_low: The lower end of its 80 % interval, not below 0; null with too little history for a back-test.
  forecast_high: The upper end of it.
tests:
  - not_null: [usage_date, scope, scope_value, scope_name, is_anomaly, is_forecast]
  - range: {column: forecast, min: 0}
  - accepted_values:
      column: scope
      values: [all, project, gpu_type, region, cost_centre]
*/
with calendar as (
  select
    usage_date,
    day(usage_date) as day_of_month,
    date_trunc('month', usage_date)::date as month_start,
    (usage_date - (usage_date - interval 1 month)::date)::integer as days_to_month_before,
    (date_trunc('month', usage_date) - interval 1 month)::date as previous_month_start
  from int_gpu_hours_days
),

days as (
  select
    days.scope_number,
    days.usage_date,
    days.gpu_hours,
    case when days.is_whole then days.gpu_hours end as whole_gpu_hours,
    calendar.day_of_month,
    calendar.month_start,
    calendar.days_to_month_before,
    calendar.previous_month_start
  from int_gpu_hours_by_scope as days
  inner join calendar
    on days.usage_date = calendar.usage_date
),

totals as (
  select
    scope_number,
    usage_date,
    gpu_hours,
    month_start,
    days_to_month_before,
    previous_month_start,
    sum(whole_gpu_hours) over last_7 as total_7d,
    sum(whole_gpu_hours) over last_28 as total_28d,
    coalesce(sum(whole_gpu_hours) over month_so_far, 0) as month_to_date,
    max(case when whole_gpu_hours is null then usage_date end) over so_far as last_gap_date
  from days
  window
    so_far as (partition by scope_number order by usage_date rows unbounded preceding),
    last_7 as (partition by scope_number order by usage_date rows between 6 preceding and current row),
    last_28 as (partition by scope_number order by usage_date rows between 27 preceding and current row),
    month_so_far as (
      partition by scope_number
      order by usage_date
      rows between (day_of_month - 1) preceding and current row
    )
),

-- A total is one only where all its days are known. Those before the first use count where they were read;
-- a mean begins with the first use.
known as (
  select
    totals.scope_number,
    totals.usage_date,
    totals.gpu_hours,
    totals.days_to_month_before,
    totals.previous_month_start,
    scopes.first_date,
    scopes.known_from,
    coalesce(totals.last_gap_date + 1, scopes.first_date) as unbroken_since,
    case when unbroken_since + 6 <= totals.usage_date then totals.total_7d end as total_7d,
    case when unbroken_since + 27 <= totals.usage_date then totals.total_28d end as total_28d,
    case
      when coalesce(totals.last_gap_date + 1, scopes.known_from) <= totals.month_start
        then totals.month_to_date
    end as month_to_date
  from totals
  inner join int_gpu_hours_scopes as scopes
    on totals.scope_number = scopes.scope_number
),

-- A quotient by way of DOUBLE, and then that of what it leaves over: together exact, and rounded half up.
divided as (
  select
    *,
    (total_7d::double / 7)::decimal(38, 12) as near_mean_7d,
    (total_28d::double / 28)::decimal(38, 12) as near_mean_28d
  from known
),

means as (
  select
    scope_number,
    usage_date,
    gpu_hours,
    month_to_date,
    days_to_month_before,
    previous_month_start,
    first_date,
    known_from,
    (
      near_mean_7d
      + (floor(round((total_7d - near_mean_7d * 7)::double * 1e12) / 7 + 0.5) / 1e12)::decimal(25, 12)
    )::decimal(38, 12) as mean_7d,
    (
      near_mean_28d
      + (floor(round((total_28d - near_mean_28d * 28)::double * 1e12) / 28 + 0.5) / 1e12)::decimal(25, 12)
    )::decimal(38, 12) as mean_28d
  from divided
),

changes as (
  select
    *,
    lag(mean_7d, 7) over scope_days as earlier_mean_7d,
    lag(mean_28d, 28) over scope_days as earlier_mean_28d,
    case
      when usage_date - days_to_month_before >= first_date
        then lag(month_to_date, days_to_month_before) over scope_days
      -- Nothing had been used by then.
      when previous_month_start >= known_from then 0
    end::decimal(38, 12) as previous_month_to_date
  from means
  window scope_days as (partition by scope_number order by usage_date)
),

drivers as (
  select
    usage_date,
    scope,
    scope_value,
    string_agg(
      driver_name
      || ' '
      || case when driver_gpu_hours > 0 then '+' else '' end
      || round(driver_gpu_hours, 2)::decimal(38, 2)
      || ' GPU-hours ('
      || round(share * 100)::bigint
      || ' %)',
      ', '
      order by driver_rank
    ) as anomaly_drivers
  from fct_gpu_hours_anomaly_drivers
  where driver_kind = case when scope = 'project' then 'resource_type' else 'project' end
  group by
    usage_date,
    scope,
    scope_value
),

anomalies as (
  select
    found.*,
    drivers.anomaly_drivers
  from int_gpu_hours_anomalies as found
  inner join int_gpu_hours_scopes as scopes
    on found.scope_number = scopes.scope_number
  left join drivers
    on found.usage_date = drivers.usage_date
    and scopes.scope = drivers.scope
    and scopes.scope_value = drivers.scope_value
),

past as (
  select
    changes.usage_date,
    scopes.scope,
    scopes.scope_value,
    scopes.scope_name,
    changes.gpu_hours,
    changes.mean_7d,
    changes.mean_28d,
    changes.mean_7d / nullif(changes.earlier_mean_7d, 0) - 1 as week_on_week,
    changes.mean_28d / nullif(changes.earlier_mean_28d, 0) - 1 as month_on_month,
    changes.month_to_date::decimal(38, 12) as month_to_date,
    changes.previous_month_to_date,
    changes.month_to_date / nullif(changes.previous_month_to_date, 0) - 1 as month_to_date_change,
    anomalies.usage_date is not null as is_anomaly,
    anomalies.anomaly_score,
    anomalies.expected_gpu_hours,
    anomalies.anomaly_gpu_hours,
    anomalies.anomaly_reason,
    anomalies.anomaly_drivers
  from changes
  inner join int_gpu_hours_scopes as scopes
    on changes.scope_number = scopes.scope_number
  left join anomalies
    on changes.scope_number = anomalies.scope_number
    and changes.usage_date = anomalies.usage_date
),

to_come as (
  select
    days.usage_date,
    scopes.scope,
    scopes.scope_value,
    scopes.scope_name,
    days.forecast,
    greatest(days.forecast - days.half_width, 0)::decimal(38, 12) as lower_end,
    (days.forecast + days.half_width)::decimal(38, 12) as forecast_high,
    days.half_width
  from int_forecast_days as days
  inner join int_gpu_hours_scopes as scopes
    on days.scope_number = scopes.scope_number
  where days.is_in_trend
),

final as (
  select
    *,
    false as is_forecast,
    null::decimal(38, 12) as forecast,
    null::decimal(38, 12) as forecast_low,
    null::decimal(38, 12) as forecast_high
  from past

  union all by name

  select
    usage_date,
    scope,
    scope_value,
    scope_name,
    false as is_anomaly,
    true as is_forecast,
    forecast,
    case when half_width is not null then lower_end end as forecast_low,
    forecast_high
  from to_come
)

select
  usage_date,
  scope,
  scope_value,
  scope_name,
  gpu_hours,
  mean_7d,
  mean_28d,
  week_on_week,
  month_on_month,
  month_to_date,
  previous_month_to_date,
  month_to_date_change,
  is_anomaly,
  anomaly_score,
  expected_gpu_hours,
  anomaly_gpu_hours,
  anomaly_reason,
  anomaly_drivers,
  is_forecast,
  forecast,
  forecast_low,
  forecast_high
from final
