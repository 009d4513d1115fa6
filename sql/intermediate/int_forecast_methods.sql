/*
description: The ways to forecast that are held against each other, in the order of the forecasts in int_forecast_runs.
grain: [method_number]
columns:
  method_number: The method's place in that order.
  method: What it is called.
  description: How it forecasts a day.
  is_naive: Whether it is one of the plain forecasts that another must beat to be chosen.
*/
with final as (
  select unnest(
    [
      {
        method_number: 1,
        method: 'last_value',
        description: 'As on the last known day.',
        is_naive: true
      },
      {
        method_number: 2,
        method: 'same_weekday',
        description: 'As on the same weekday of the last known week.',
        is_naive: true
      },
      {
        method_number: 3,
        method: 'mean_28d',
        description: 'The mean of the last 28 days.',
        is_naive: false
      },
      {
        method_number: 4,
        method: 'weekday_mean_4w',
        description: 'The mean of the same weekday over 4 weeks.',
        is_naive: false
      },
      {
        method_number: 5,
        method: 'weekday_median_8w',
        description: 'The median of the same weekday over 8 weeks.',
        is_naive: false
      },
      {
        method_number: 6,
        method: 'shift_1d',
        description: 'The weekday pattern of 8 weeks, at the level of the last known day.',
        is_naive: false
      },
      {
        method_number: 7,
        method: 'shift_3d',
        description: 'The weekday pattern of 8 weeks, at the median level of the last 3 days.',
        is_naive: false
      },
      {
        method_number: 8,
        method: 'level_7d',
        description: 'The mean of the same weekday over 4 weeks, times what the last 7 days were of theirs.',
        is_naive: false
      },
      {
        method_number: 9,
        method: 'damped_trend',
        description: 'As level_7d, growing or falling as the last 28 days did on the 28 before, by 3 % less each day.',
        is_naive: false
      }
    ],
    recursive := true
  )
)

select
  method_number,
  method,
  description,
  is_naive
from final
