/*
description: >-
  What all reservations together held and what was drawn from them, by day, over the thirteen weeks that end with the
  period; of the last period that is over, also on the days since.
grain: [usage_date]
columns:
  usage_date: The UTC day.
  reserved_gpu_hours: The GPUs reserved on that day times 24.
  used_gpu_hours: What of these was drawn; null where usage was not read whole.
  unused_gpu_hours: What of these nobody drew; null where usage was not read whole.
  overage_gpu_hours: What was drawn beyond them; null where usage was not read whole.
*/
-- Parameters: $period_end (exclusive), $today.

with final as (
  select
    usage_date,
    sum(reserved_gpu_hours)::decimal(38, 12) as reserved_gpu_hours,
    case
      when bool_and(is_read_whole) then sum(reserved_gpu_hours - unused_gpu_hours)
    end::decimal(38, 12) as used_gpu_hours,
    case
      when bool_and(is_read_whole) then sum(unused_gpu_hours)
    end::decimal(38, 12) as unused_gpu_hours,
    case
      when bool_and(is_read_whole) then sum(overage_gpu_hours)
    end::decimal(38, 12) as overage_gpu_hours
  from fct_reservation_daily
  where usage_date >= cast($period_end as date) - 91
    and usage_date < cast($today as date)
    and (
      usage_date < cast($period_end as date)
      or cast($period_end as date) >= date_trunc('month', cast($today as date))
    )
  group by usage_date
)

select
  usage_date,
  reserved_gpu_hours,
  used_gpu_hours,
  unused_gpu_hours,
  overage_gpu_hours
from final
order by usage_date
