/*
description: The reservations that run or will, and those that ended in the last 90 days, as they stand today.
grain: [reservation_id]
columns:
  reservation_id: The reservation.
  product_line: What is reserved.
  gpu_type: The type of the reserved GPUs.
  status: running, upcoming, ended or gone.
  reserved_gpus: How many GPUs it holds.
  contract_first_date: The first day of its contract.
  contract_end_date: The last day of its contract; null where it has no end.
  days_left: Days of its contract from today on; null where it has no end.
  utilisation_7d: The share of it that was used on the last 7 days.
  utilisation_28d: The share on the last 28 days.
  utilisation_90d: The share on the last 90 days.
  break_even_utilisation: The share of use above which it is cheaper than the list price.
  unit_price: The price of one reserved GPU-hour.
  effective_rate_90d: What a used GPU-hour of it came to over the last 90 days.
  unused_cost_90d: What of its cost fell on GPU-hours that nobody used, over the last 90 days.
  savings_90d: What it saved against the list price over the last 90 days; below 0 where it cost more.
  committed_cost_to_come: What it will cost from today to its end.
  currency: The currency of the amounts.
  message: What is missing, in words.
*/
-- Parameters: $today.

with final as (
  select
    reservation_id,
    product_line,
    gpu_type,
    status,
    reserved_gpus,
    contract_first_date,
    contract_end_date,
    days_left,
    utilisation_7d,
    utilisation_28d,
    utilisation_90d,
    break_even_utilisation,
    unit_price,
    effective_rate_90d,
    unused_cost_90d,
    savings_90d,
    committed_cost_to_come,
    currency,
    message
  from fct_reservation_status
  where status in ('running', 'upcoming')
    or contract_end_date >= cast($today as date) - 90
)

select
  reservation_id,
  product_line,
  gpu_type,
  status,
  reserved_gpus,
  contract_first_date,
  contract_end_date,
  days_left,
  utilisation_7d,
  utilisation_28d,
  utilisation_90d,
  break_even_utilisation,
  unit_price,
  effective_rate_90d,
  unused_cost_90d,
  savings_90d,
  committed_cost_to_come,
  currency,
  message
from final
order by
  case status when 'running' then 0 when 'upcoming' then 1 else 2 end,
  unused_cost_90d desc nulls last,
  product_line,
  reservation_id
