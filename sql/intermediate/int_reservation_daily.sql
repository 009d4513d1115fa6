/*
description: Reserved and used GPU-hours of each reservation on every day of its contract up to yesterday on which it is known to have stood.
grain: [reservation_id, usage_date]
columns:
  organization_id: The organisation.
  reservation_id: The reservation.
  usage_date: The UTC day.
  product_line: What is reserved, as the API said for that day.
  gpu_type: The type of the reserved GPUs; where the product line does not say, that of the usage drawn from it.
  is_read_whole: Whether the usage of every project of the organisation was read whole for that day.
  reserved_gpu_hours: The GPUs reserved on that day times 24.
  used_gpu_hours: The GPU-hours drawn from it; null where the day was not read whole.
*/
with first_used as (
  select
    reservation_id,
    min(usage_date) as first_usage_date,
    max({'usage_date': usage_date, 'gpu_type': gpu_type}).gpu_type as gpu_type
  from int_reservation_usage_daily
  group by reservation_id
),

-- The contract is that of the latest version, also of a reservation that is gone by now.
contracts as (
  select
    organization_id,
    reservation_id,
    contract_end_date,
    -- What was not delivered yet could not be used.
    greatest(contract_start_date, date_delivered) as contract_first_date,
    min(valid_from) over (partition by organization_id, reservation_id)::date as first_seen_date
  from stg_reservations
  qualify row_number() over (
    partition by organization_id, reservation_id
    order by valid_from desc
  ) = 1
),

contract_days as (
  select
    contracts.organization_id,
    contracts.reservation_id,
    first_used.gpu_type as used_gpu_type,
    unnest(
      generate_series(
        -- Without a start it is known from the day on which it first showed.
        coalesce(
          contracts.contract_first_date,
          least(contracts.first_seen_date, first_used.first_usage_date)
        ),
        least(contracts.contract_end_date, build.today - 1),
        interval 1 day
      )
    )::date as usage_date
  from contracts
  cross join meta.build as build
  left join first_used
    on contracts.reservation_id = first_used.reservation_id
),

-- The size of a day is that of its end; before a reservation was first seen, that of its first version.
sizes as (
  select
    organization_id,
    reservation_id,
    product_line,
    gpu_type,
    reserved_gpus,
    case
      when row_number() over (partition by organization_id, reservation_id order by valid_from) = 1
        then timestamp '0001-01-01'
      else valid_from
    end as sized_from,
    coalesce(valid_to, timestamp '9999-12-31') as sized_to
  from dim_reservation
  -- Nodes without GPUs have no GPU-hours, and no cost by them.
  where reserved_gpus is distinct from 0
    or quantity = 0
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

final as (
  select
    contract_days.organization_id,
    contract_days.reservation_id,
    contract_days.usage_date,
    sizes.product_line,
    coalesce(sizes.gpu_type, contract_days.used_gpu_type) as gpu_type,
    read_days.usage_date is not null as is_read_whole,
    (sizes.reserved_gpus * 24)::decimal(38, 12) as reserved_gpu_hours,
    case when read_days.usage_date is not null then coalesce(used.gpu_hours, 0) end::decimal(38, 12) as used_gpu_hours
  from contract_days
  inner join sizes
    on contract_days.organization_id = sizes.organization_id
    and contract_days.reservation_id = sizes.reservation_id
    and sizes.sized_from < contract_days.usage_date + interval 1 day
    and sizes.sized_to >= contract_days.usage_date + interval 1 day
  left join read_days
    on contract_days.organization_id = read_days.organization_id
    and contract_days.usage_date = read_days.usage_date
  left join int_reservation_usage_daily as used
    on contract_days.reservation_id = used.reservation_id
    and contract_days.usage_date = used.usage_date
)

select
  organization_id,
  reservation_id,
  usage_date,
  product_line,
  gpu_type,
  is_read_whole,
  reserved_gpu_hours,
  used_gpu_hours
from final
