/*
description: GPU-hours that were drawn from each reservation by day.
grain: [reservation_id, usage_date]
incremental: {by: usage_date, follows: [fct_gpu_hours_daily]}
columns:
  reservation_id: The reservation.
  usage_date: The UTC day.
  gpu_type: The GPU's type; where there are several, the first by name.
  gpu_hours: The GPU-hours.
*/
with final as (
  select
    reservation_id,
    usage_date,
    min(gpu_type) as gpu_type,
    sum(gpu_hours)::decimal(38, 12) as gpu_hours
  from fct_gpu_hours_daily
  where reservation_id is not null
  group by
    reservation_id,
    usage_date
)

select
  reservation_id,
  usage_date,
  gpu_type,
  gpu_hours
from final
