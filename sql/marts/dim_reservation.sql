/*
description: Reservations as they were seen over time, one row for each version. Empty where the account has none or may not see them.
grain: [reservation_id, valid_from]
columns:
  organization_id: The organisation.
  reservation_id: The reservation.
  product_line: What is reserved, as the API says.
  vm_type: The VM type that the product line is; null where it is none.
  gpu_type: The type of the reserved GPUs.
  quantity: How many of the product line.
  reserved_gpus: How many GPUs that is, the quantity itself where the product line is no VM type.
  used_quantity: How many the API says are in use.
  reservation_type: Its kind, as the API says.
  locations: Where it holds.
  contract_start_date: The first day of its contract; null where the API does not say.
  contract_end_date: The last day of its contract; null where it has no end.
  date_delivered: The day on which its machines were delivered; null where the API does not say.
  valid_from: When it was first seen so, UTC.
  valid_to: When it was first seen otherwise or gone; null for what is current.
  is_current: Whether it still stands so.
tests:
  - not_null: [reservation_id, valid_from, is_current]
  - range: {column: reserved_gpus, min: 0}
    severity: warn
*/
with listed_types as (
  select distinct
    lower(vm_type) as resource_type_key
  from stg_vm_types
),

-- A product line such as h100-80gb-sxm-ib stands for the VM types whose names go on from it.
lines as (
  select
    lower(reservations.product_line) as product_line_key,
    min(types.gpu_type) as gpu_type
  from stg_reservations as reservations
  inner join int_resource_types as types
    on starts_with(types.resource_type_key, lower(reservations.product_line) || '.')
  where types.num_gpu > 0
  group by lower(reservations.product_line)
),

final as (
  select
    reservations.organization_id,
    reservations.reservation_id,
    reservations.product_line,
    case
      when listed_types.resource_type_key is not null or types.num_gpu > 0 then reservations.product_line
    end as vm_type,
    coalesce(types.gpu_type, lines.gpu_type) as gpu_type,
    reservations.quantity,
    case
      when listed_types.resource_type_key is not null or types.num_gpu > 0
        then reservations.quantity * types.num_gpu
      else reservations.quantity
    end::integer as reserved_gpus,
    reservations.used_quantity,
    reservations.reservation_type,
    reservations.locations,
    reservations.contract_start_date,
    reservations.contract_end_date,
    reservations.date_delivered,
    reservations.valid_from,
    reservations.valid_to,
    reservations.is_current
  from stg_reservations as reservations
  left join listed_types
    on lower(reservations.product_line) = listed_types.resource_type_key
  left join int_resource_types as types
    on lower(reservations.product_line) = types.resource_type_key
  left join lines
    on lower(reservations.product_line) = lines.product_line_key
)

select
  organization_id,
  reservation_id,
  product_line,
  vm_type,
  gpu_type,
  quantity,
  reserved_gpus,
  used_quantity,
  reservation_type,
  locations,
  contract_start_date,
  contract_end_date,
  date_delivered,
  valid_from,
  valid_to,
  is_current
from final
