/*
description: >-
  The days of the trend that stand out: far from the median of the same weekday of the 8 weeks before, and as far from
  what that median is at the level of the three days before, and from the same weekday a week ago, where that is known.
grain: [scope_number, usage_date]
incremental: {by: usage_date, follows: [int_gpu_hours_by_scope, int_gpu_hours_days], looks_back: 59 days}
columns:
  scope_number: The scope, as in int_gpu_hours_scopes.
  usage_date: The UTC day.
  gpu_hours: GPU-hours of the day.
  expected_gpu_hours: The median of the same weekday of the 8 weeks before, over the days that were read whole.
  compared_days: How many of those days there are.
  anomaly_gpu_hours: The size of the anomaly, which is gpu_hours less expected_gpu_hours.
  anomaly_score: The size in usual spreads, by the nearer of the two expectations; below 0 for a drop.
  anomaly_reason: Why, in words.
*/
with days as (
  select
    scope_number,
    usage_date,
    case when is_whole then gpu_hours end as gpu_hours
  from int_gpu_hours_by_scope
),

compared as (
  select
    scope_number,
    usage_date,
    gpu_hours,
    gpu_hours::double as hours,
    least(hours / 1.17, hours - 3.4) as high_above,
    greatest(hours / 0.83, hours + 3.4) as low_below,
    lag(gpu_hours::double, 7) over scope_days as hours_1w,
    lag(gpu_hours::double, 14) over scope_days as hours_2w,
    lag(gpu_hours::double, 21) over scope_days as hours_3w,
    lag(gpu_hours::double, 28) over scope_days as hours_4w,
    lag(gpu_hours::double, 35) over scope_days as hours_5w,
    lag(gpu_hours::double, 42) over scope_days as hours_6w,
    lag(gpu_hours::double, 49) over scope_days as hours_7w,
    lag(gpu_hours::double, 56) over scope_days as hours_8w,
    [
      lag(gpu_hours, 7) over scope_days,
      lag(gpu_hours, 14) over scope_days,
      lag(gpu_hours, 21) over scope_days,
      lag(gpu_hours, 28) over scope_days,
      lag(gpu_hours, 35) over scope_days,
      lag(gpu_hours, 42) over scope_days,
      lag(gpu_hours, 49) over scope_days,
      lag(gpu_hours, 56) over scope_days
    ] as compared_hours
  from days
  window scope_days as (partition by scope_number order by usage_date)
),

counted as (
  select
    scope_number,
    usage_date,
    gpu_hours,
    compared_hours,
    (
      coalesce((hours_1w is not null)::tinyint, 0)
      + coalesce((hours_2w is not null)::tinyint, 0)
      + coalesce((hours_3w is not null)::tinyint, 0)
      + coalesce((hours_4w is not null)::tinyint, 0)
      + coalesce((hours_5w is not null)::tinyint, 0)
      + coalesce((hours_6w is not null)::tinyint, 0)
      + coalesce((hours_7w is not null)::tinyint, 0)
      + coalesce((hours_8w is not null)::tinyint, 0)
    ) as compared_days,
    (
      coalesce((hours_1w <= high_above)::tinyint, 0)
      + coalesce((hours_2w <= high_above)::tinyint, 0)
      + coalesce((hours_3w <= high_above)::tinyint, 0)
      + coalesce((hours_4w <= high_above)::tinyint, 0)
      + coalesce((hours_5w <= high_above)::tinyint, 0)
      + coalesce((hours_6w <= high_above)::tinyint, 0)
      + coalesce((hours_7w <= high_above)::tinyint, 0)
      + coalesce((hours_8w <= high_above)::tinyint, 0)
    ) as days_far_below,
    (
      coalesce((hours_1w >= low_below)::tinyint, 0)
      + coalesce((hours_2w >= low_below)::tinyint, 0)
      + coalesce((hours_3w >= low_below)::tinyint, 0)
      + coalesce((hours_4w >= low_below)::tinyint, 0)
      + coalesce((hours_5w >= low_below)::tinyint, 0)
      + coalesce((hours_6w >= low_below)::tinyint, 0)
      + coalesce((hours_7w >= low_below)::tinyint, 0)
      + coalesce((hours_8w >= low_below)::tinyint, 0)
    ) as days_far_above
  from compared
  where hours is not null
),

-- A day at least 17.5 % and 3.5 hours above (or below) a median is so from half of what it is the median of. This
-- sieve is coarser than the judgement below, and saves its medians for the days that can be meant.
suspects as (
  select
    scope_number,
    usage_date,
    gpu_hours,
    compared_hours,
    compared_days,
    list_aggregate(compared_hours, 'median')::decimal(38, 12) as expected_gpu_hours
  from counted
  where compared_days >= 4
    and 2 * greatest(days_far_below, days_far_above) >= compared_days
),

-- Two more sieves, by the least that the spread below can be, and by DOUBLE, so that they let a little more through.
distant as (
  select
    scope_number,
    usage_date,
    gpu_hours,
    expected_gpu_hours,
    compared_hours[1] as week_ago_gpu_hours,
    compared_days,
    abs(gpu_hours - expected_gpu_hours)::double as distance,
    list_aggregate(
      list_transform(compared_hours, lambda hours: abs(hours - expected_gpu_hours)),
      'median'
    )::decimal(38, 12) as usual_distance
  from suspects
  where distance >= 3.49e0 * greatest(0.05e0 * abs(expected_gpu_hours::double), 1)
),

deviant as (
  select
    scope_number,
    usage_date,
    gpu_hours,
    expected_gpu_hours,
    week_ago_gpu_hours,
    compared_days,
    usual_distance
  from distant
  where distance >= 3.49e0 * 1.4826e0 * usual_distance::double
),

-- The level of the days before is told by three days before a suspect one.
days_before as (
  select
    scope_number,
    usage_date,
    usage_date - unnest([1, 2, 3]) as earlier_date
  from deviant
),

earlier_days as (
  select distinct
    scope_number,
    earlier_date
  from days_before
),

measured as (
  select
    counted.scope_number,
    counted.usage_date,
    list_aggregate(counted.compared_hours, 'median')::decimal(38, 12) as expected_gpu_hours,
    case
      when expected_gpu_hours <> 0
        then greatest(least(counted.gpu_hours / expected_gpu_hours, 1000), -1000)::decimal(12, 6)
    end as ratio
  from counted
  inner join earlier_days
    on counted.scope_number = earlier_days.scope_number
    and counted.usage_date = earlier_days.earlier_date
  where counted.compared_days > 0
),

-- How far the three days before lay from the usual of their own weekdays: a step to a new level is told on
-- its first days, and not for the weeks that the medians take to follow.
levels as (
  select
    days_before.scope_number,
    days_before.usage_date,
    median(measured.ratio)::decimal(12, 6) as ratio
  from days_before
  inner join measured
    on days_before.scope_number = measured.scope_number
    and days_before.earlier_date = measured.usage_date
  group by
    days_before.scope_number,
    days_before.usage_date
),

levelled as (
  select
    deviant.*,
    (deviant.expected_gpu_hours * coalesce(levels.ratio, 1)::decimal(12, 6))::decimal(38, 12) as levelled_gpu_hours
  from deviant
  left join levels
    on deviant.scope_number = levels.scope_number
    and deviant.usage_date = levels.usage_date
),

-- The scale of a median of distances is made that of a standard deviation; it is never less than a
-- twentieth of what is expected and one GPU-hour, since a series that never changes has no distance at all.
scored as (
  select
    levelled.*,
    gpu_hours - expected_gpu_hours as anomaly_gpu_hours,
    greatest(
      (1.4826::decimal(5, 4) * usual_distance)::decimal(38, 12),
      (0.05::decimal(3, 2) * greatest(abs(expected_gpu_hours), abs(levelled_gpu_hours)))::decimal(38, 12),
      1::decimal(38, 12)
    ) as spread
  from levelled
  inner join int_gpu_hours_days as days
    on levelled.usage_date = days.usage_date
  where days.is_over
),

final as (
  select
    scope_number,
    usage_date,
    gpu_hours,
    expected_gpu_hours,
    compared_days,
    anomaly_gpu_hours,
    sign(anomaly_gpu_hours)
    * round(least(abs(anomaly_gpu_hours), abs(gpu_hours - levelled_gpu_hours)) / spread, 4) as anomaly_score,
    round(gpu_hours, 2)::decimal(38, 2)
    || ' GPU-hours, where the median of the last '
    || compared_days
    || ' '
    || dayname(usage_date)
    || 's is '
    || round(expected_gpu_hours, 2)::decimal(38, 2)
    || ': '
    || case
      when expected_gpu_hours >= 1
        then abs(round(anomaly_gpu_hours * 100 / expected_gpu_hours))::bigint || ' % '
      else round(abs(anomaly_gpu_hours), 2)::decimal(38, 2) || ' '
    end
    || case when anomaly_gpu_hours > 0 then 'above, ' else 'below, ' end
    || round(abs(anomaly_gpu_hours) / spread, 1)::decimal(18, 1)
    || ' times the usual spread.' as anomaly_reason
  from scored
  where abs(anomaly_gpu_hours) >= 3.5::decimal(2, 1) * spread
    and abs(gpu_hours - levelled_gpu_hours) >= 3.5::decimal(2, 1) * spread
    -- What was so a week ago was told then: weekends can change on their own, while the days before did not.
    and coalesce(abs(gpu_hours - week_ago_gpu_hours) >= 3.5::decimal(2, 1) * spread, true)
)

select
  scope_number,
  usage_date,
  gpu_hours,
  expected_gpu_hours,
  compared_days::bigint as compared_days,
  anomaly_gpu_hours,
  anomaly_score,
  anomaly_reason
from final
