/*
description: The use of each reservation over the last 7, 28 and 90 days that were read whole, and its commitment over them and over all its days.
grain: [reservation_id]
columns:
  reservation_id: The reservation.
  gpu_type: The type of its GPUs on its last day.
  day_count: Days of its contract up to yesterday.
  priced_day_count: How many of them have a price.
  currency_count: How many currencies these prices are in.
  currency: The first of them.
  committed_cost: What these days cost.
  read_days_7d: Days among the last 7 before today that were read whole.
  reserved_7d: GPU-hours reserved on them.
  drawn_7d: How many of these were used.
  read_days_28d: The same among the last 28.
  reserved_28d: GPU-hours reserved on them.
  drawn_28d: How many of these were used.
  read_days_90d: The same among the last 90.
  reserved_90d: GPU-hours reserved on them.
  drawn_90d: How many of these were used.
  priced_days_90d: How many of these days have a price.
  currency_count_90d: How many currencies these prices are in.
  currency_90d: The first of them.
  committed_cost_90d: What these days cost.
  unused_cost_90d: What of that fell on GPU-hours that nobody drew.
  days_with_savings_90d: On how many of these days it is known what was saved.
  savings_90d: What was saved on them.
*/
with days as (
  select
    daily.*,
    build.today - daily.usage_date as age
  from fct_reservation_daily as daily
  cross join meta.build as build
),

final as (
  select
    reservation_id,
    max({'usage_date': usage_date, 'gpu_type': gpu_type}).gpu_type as gpu_type,
    count(*) as day_count,
    count(committed_cost) as priced_day_count,
    count(distinct currency) filter (where committed_cost is not null) as currency_count,
    min(currency) filter (where committed_cost is not null) as currency,
    sum(committed_cost) as committed_cost,
    count(*) filter (where is_read_whole and age <= 7)::integer as read_days_7d,
    sum(reserved_gpu_hours) filter (where is_read_whole and age <= 7) as reserved_7d,
    sum(reserved_gpu_hours - unused_gpu_hours) filter (where is_read_whole and age <= 7) as drawn_7d,
    count(*) filter (where is_read_whole and age <= 28)::integer as read_days_28d,
    sum(reserved_gpu_hours) filter (where is_read_whole and age <= 28) as reserved_28d,
    sum(reserved_gpu_hours - unused_gpu_hours) filter (where is_read_whole and age <= 28) as drawn_28d,
    count(*) filter (where is_read_whole and age <= 90)::integer as read_days_90d,
    sum(reserved_gpu_hours) filter (where is_read_whole and age <= 90) as reserved_90d,
    sum(reserved_gpu_hours - unused_gpu_hours) filter (where is_read_whole and age <= 90) as drawn_90d,
    count(committed_cost) filter (where is_read_whole and age <= 90) as priced_days_90d,
    count(distinct currency) filter (where is_read_whole and age <= 90) as currency_count_90d,
    min(currency) filter (where is_read_whole and age <= 90) as currency_90d,
    sum(committed_cost) filter (where is_read_whole and age <= 90) as committed_cost_90d,
    sum(unused_cost) filter (where is_read_whole and age <= 90) as unused_cost_90d,
    count(savings) filter (where is_read_whole and age <= 90) as days_with_savings_90d,
    sum(savings) filter (where is_read_whole and age <= 90) as savings_90d
  from days
  group by reservation_id
)

select
  reservation_id,
  gpu_type,
  day_count,
  priced_day_count,
  currency_count,
  currency,
  committed_cost,
  read_days_7d,
  reserved_7d,
  drawn_7d,
  read_days_28d,
  reserved_28d,
  drawn_28d,
  read_days_90d,
  reserved_90d,
  drawn_90d,
  priced_days_90d,
  currency_count_90d,
  currency_90d,
  committed_cost_90d,
  unused_cost_90d,
  days_with_savings_90d,
  savings_90d
from final
