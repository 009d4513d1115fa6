/*
description: GPU-hours by day with their means and changes, for everything and by project, GPU type and region. Ends with the last whole day.
grain: [usage_date, scope, scope_value]
columns:
  usage_date: The UTC day.
  scope: all, project, gpu_type or region.
  scope_value: The project's id, the GPU type or the region; all where the scope is all.
  scope_name: What it is called.
  gpu_hours: GPU-hours of the day; 0 where the day was read and had none, null where it was not read.
  mean_7d: Mean of this day and the 6 before; null unless every one of them was read whole.
  mean_28d: Mean of this day and the 27 before; null unless every one of them was read whole.
  week_on_week: mean_7d over the one of 7 days before, less 1; null where either is missing or that is 0.
  month_on_month: mean_28d over the one of 28 days before, less 1; null where either is missing or that is 0.
  is_anomaly: Whether the day lies far from the same weekday of the 8 weeks before, and from the level of the 3 days before.
  anomaly_reason: Why, in words; null where it is none.
tests:
  - not_null: [usage_date, scope, scope_value, scope_name, is_anomaly]
  - accepted_values:
      column: scope
      values: [all, project, gpu_type, region]
*/
with days as (
  select
    usage_date,
    scope,
    scope_value,
    scope_name,
    gpu_hours,
    case when is_whole then gpu_hours end as whole_gpu_hours
  from int_gpu_hours_by_scope
),

totals as (
  select
    *,
    case when count(whole_gpu_hours) over last_7 = 7 then sum(whole_gpu_hours) over last_7 end as total_7d,
    case when count(whole_gpu_hours) over last_28 = 28 then sum(whole_gpu_hours) over last_28 end as total_28d,
    list_filter(
      [
        lag(whole_gpu_hours, 7) over scope_days,
        lag(whole_gpu_hours, 14) over scope_days,
        lag(whole_gpu_hours, 21) over scope_days,
        lag(whole_gpu_hours, 28) over scope_days,
        lag(whole_gpu_hours, 35) over scope_days,
        lag(whole_gpu_hours, 42) over scope_days,
        lag(whole_gpu_hours, 49) over scope_days,
        lag(whole_gpu_hours, 56) over scope_days
      ],
      lambda hours: hours is not null
    ) as same_weekdays
  from days
  window
    scope_days as (partition by scope, scope_value order by usage_date),
    last_7 as (partition by scope, scope_value order by usage_date rows between 6 preceding and current row),
    last_28 as (partition by scope, scope_value order by usage_date rows between 27 preceding and current row)
),

-- Means by integers of 10^-12, rounded half up: a division would go through DOUBLE.
means as (
  select
    *,
    (
      (((total_7d * 1000000000000::decimal(13, 0))::hugeint * 2 + 7) // 14)::decimal(26, 0)
      * 0.000000000001::decimal(12, 12)
    )::decimal(38, 12) as mean_7d,
    (
      (((total_28d * 1000000000000::decimal(13, 0))::hugeint * 2 + 28) // 56)::decimal(26, 0)
      * 0.000000000001::decimal(12, 12)
    )::decimal(38, 12) as mean_28d,
    list_aggregate(same_weekdays, 'median')::decimal(38, 12) as usual
  from totals
),

changes as (
  select
    *,
    lag(mean_7d, 7) over scope_days as earlier_mean_7d,
    lag(mean_28d, 28) over scope_days as earlier_mean_28d,
    list_aggregate(
      list_transform(same_weekdays, lambda hours: abs(hours - usual)),
      'median'
    )::decimal(38, 12) as usual_distance
  from means
  window scope_days as (partition by scope, scope_value order by usage_date)
),

ratios as (
  select
    *,
    case
      when whole_gpu_hours is not null and usual <> 0
        then greatest(least(whole_gpu_hours / usual, 1000), -1000)::decimal(12, 6)
    end as ratio
  from changes
),

-- How far the three days before lay from the usual of their own weekdays: a step to a new level is told on
-- its first days, and not for the weeks that the medians take to follow.
levelled as (
  select
    *,
    (
      usual
      * coalesce(
        list_aggregate(
          list_filter(
            [lag(ratio, 1) over scope_days, lag(ratio, 2) over scope_days, lag(ratio, 3) over scope_days],
            lambda day_ratio: day_ratio is not null
          ),
          'median'
        ),
        1
      )::decimal(12, 6)
    )::decimal(38, 12) as expected
  from ratios
  window scope_days as (partition by scope, scope_value order by usage_date)
),

-- The scale of a median of distances is made that of a standard deviation; it is never less than a
-- twentieth of what is expected and one GPU-hour, since a series that never changes has no distance at all.
scored as (
  select
    levelled.*,
    greatest(
      (1.4826::decimal(5, 4) * usual_distance)::decimal(38, 12),
      (0.05::decimal(3, 2) * greatest(abs(usual), abs(expected)))::decimal(38, 12),
      1::decimal(38, 12)
    ) as spread,
    len(same_weekdays) >= 4
    and whole_gpu_hours is not null
    and usage_date < build.today as is_scored
  from levelled
  cross join meta.build as build
),

judged as (
  select
    *,
    coalesce(
      is_scored
      and abs(whole_gpu_hours - usual) >= 3.5::decimal(2, 1) * spread
      and abs(whole_gpu_hours - expected) >= 3.5::decimal(2, 1) * spread,
      false
    ) as is_anomaly
  from scored
),

final as (
  select
    usage_date,
    scope,
    scope_value,
    scope_name,
    gpu_hours,
    mean_7d,
    mean_28d,
    mean_7d / nullif(earlier_mean_7d, 0) - 1 as week_on_week,
    mean_28d / nullif(earlier_mean_28d, 0) - 1 as month_on_month,
    is_anomaly,
    case
      when is_anomaly
        then round(gpu_hours, 2)::decimal(38, 2)
          || ' GPU-hours, where the median of the last '
          || len(same_weekdays)
          || ' '
          || dayname(usage_date)
          || 's is '
          || round(usual, 2)::decimal(38, 2)
          || ': '
          || case
            when usual >= 1 then abs(round((gpu_hours - usual) * 100 / usual))::bigint || ' % '
            else round(abs(gpu_hours - usual), 2)::decimal(38, 2) || ' '
          end
          || case when gpu_hours > usual then 'above, ' else 'below, ' end
          || round(abs(gpu_hours - usual) / spread, 1)::decimal(18, 1)
          || ' times the usual spread.'
    end as anomaly_reason
  from judged
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
  is_anomaly,
  anomaly_reason
from final
