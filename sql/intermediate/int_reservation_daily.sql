/*
description: Reserved and used GPU-hours of each reservation that stands, on the days of its contract that were read whole.
grain: [reservation_id, usage_date]
columns:
  organization_id: The organisation.
  reservation_id: The reservation.
  usage_date: The UTC day.
  reserved_gpu_hours: The GPUs reserved on that day times 24.
  used_gpu_hours: The GPU-hours drawn from it.
*/
with standing as (
  select
    reservations.organization_id,
    reservations.reservation_id,
    -- What was not delivered yet could not be used.
    greatest(
      coalesce(reservations.contract_start_date, date '0001-01-01'),
      coalesce(reservations.date_delivered, date '0001-01-01')
    ) as first_date,
    coalesce(reservations.contract_end_date, date '9999-12-31') as last_date
  from stg_reservations as reservations
  where reservations.is_current
),

-- The size of a day is that of its end; before a reservation was first seen, that of its first version.
sizes as (
  select
    reservation_id,
    reserved_gpus,
    case
      when row_number() over (partition by reservation_id order by valid_from) = 1 then timestamp '0001-01-01'
      else valid_from
    end as sized_from,
    coalesce(valid_to, timestamp '9999-12-31') as sized_to
  from dim_reservation
),

read_days as (
  select
    organization_id,
    usage_date
  from int_usage_read_days
  group by
    organization_id,
    usage_date
  having bool_and(is_whole)
),

used as (
  select
    reservation_id,
    usage_date,
    sum(gpu_hours)::decimal(38, 12) as gpu_hours
  from fct_gpu_hours_daily
  where reservation_id is not null
  group by
    reservation_id,
    usage_date
),

final as (
  select
    standing.organization_id,
    standing.reservation_id,
    read_days.usage_date,
    (sizes.reserved_gpus * 24)::decimal(38, 12) as reserved_gpu_hours,
    coalesce(used.gpu_hours, 0)::decimal(38, 12) as used_gpu_hours
  from standing
  inner join read_days
    on standing.organization_id = read_days.organization_id
    and standing.first_date <= read_days.usage_date
    and standing.last_date >= read_days.usage_date
  cross join meta.build as build
  inner join sizes
    on standing.reservation_id = sizes.reservation_id
    and sizes.sized_from < read_days.usage_date + interval 1 day
    and sizes.sized_to >= read_days.usage_date + interval 1 day
  left join used
    on standing.reservation_id = used.reservation_id
    and read_days.usage_date = used.usage_date
  where read_days.usage_date < build.today
)

select
  organization_id,
  reservation_id,
  usage_date,
  reserved_gpu_hours,
  used_gpu_hours
from final
