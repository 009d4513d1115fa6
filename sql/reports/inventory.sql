/*
description: Each VM, disk, snapshot and reservation as it stands now, with its state, age, type and what it comes to in a month, the costliest first.
grain: [resource_kind, resource_id]
columns:
  resource_kind: vm, disk, snapshot or reservation.
  resource_id: The resource.
  resource_name: Its name; of a reservation, its product line.
  project_id: The project; null for reservations.
  project_name: The project's latest name.
  location: Where it is.
  state: Its state; null for snapshots.
  resource_type: The type of the VM or disk, or the product line that is reserved.
  gpu_type: The type of its GPUs.
  gpus: How many GPUs it has or reserves.
  size_gib: The size of a disk or snapshot in GiB.
  created_at: When it was made, UTC; of a reservation, when its contract begins.
  age_days: How many full days ago that was.
  monthly_cost: What it comes to in a month of 730 hours at today's prices; null without a price.
  currency: The currency of monthly_cost.
*/

with final as (
  select
    resource_kind,
    resource_id,
    resource_name,
    project_id,
    project_name,
    location,
    state,
    resource_type,
    gpu_type,
    gpus,
    size_gib,
    created_at,
    age_days,
    monthly_cost,
    currency
  from fct_inventory
)

select
  resource_kind,
  resource_id,
  resource_name,
  project_id,
  project_name,
  location,
  state,
  resource_type,
  gpu_type,
  gpus,
  size_gib,
  created_at,
  age_days,
  monthly_cost,
  currency
from final
order by
  case resource_kind when 'vm' then 0 when 'disk' then 1 when 'snapshot' then 2 else 3 end,
  monthly_cost desc nulls last,
  created_at nulls last,
  resource_name,
  resource_id
