/*
description: Reservations as the API lists them, one row for each version. Empty where the account has none or may not see them.
grain: [organization_id, reservation_id, valid_from]
columns:
  organization_id: The organisation.
  reservation_id: The reservation.
  product_line: What is reserved, a VM type or a GPU product line.
  quantity: How many of it.
  used_quantity: How many the API says are in use.
  reservation_type: Its kind, as the API says.
  locations: Where it holds.
  project_ids: The projects that may use it.
  contract_start_date: The first day of its contract; null where the API does not say.
  contract_end_date: The last day of its contract; null where it has no end.
  date_delivered: The day on which its machines were delivered; null where the API does not say.
  valid_from: When it was first seen so, UTC.
  valid_to: When it was first seen otherwise or gone; null for what is current.
  is_current: Whether it still stands so.
*/
with final as (
  select
    organization_id,
    id as reservation_id,
    product_line,
    quantity,
    used_quantity,
    reservation_type,
    list_sort(list_distinct(coalesce(json_extract_string(locations, '$[*]'), []))) as locations,
    list_sort(list_distinct(coalesce(json_extract_string(projects, '$[*]'), []))) as project_ids,
    -- A day that is not set may come as year 1.
    case when year(contract_start_date) > 1 then contract_start_date end as contract_start_date,
    case when year(contract_end_date) > 1 then contract_end_date end as contract_end_date,
    case when year(date_delivered) > 1 then date_delivered end as date_delivered,
    _valid_from as valid_from,
    _valid_to as valid_to,
    _valid_to is null as is_current
  from raw.reservations
  where _valid_to is null or _valid_to > _valid_from
)

select
  organization_id,
  reservation_id,
  product_line,
  quantity,
  used_quantity,
  reservation_type,
  locations,
  project_ids,
  contract_start_date,
  contract_end_date,
  date_delivered,
  valid_from,
  valid_to,
  is_current
from final
