/*
description: How well each reservation is used, what its hours cost, and what is left of it.
*/
select
  reservation_id,
  gpu_type,
  status,
  reserved_gpus,
  days_left,
  utilisation_28d,
  effective_rate_90d,
  break_even_utilisation,
  unused_cost_90d,
  currency
from fct_reservation_status
order by reservation_id
