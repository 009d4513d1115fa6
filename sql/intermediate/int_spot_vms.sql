/*
description: The stretches of time in which each VM was billed as spot.
grain: [organization_id, vm_id, billed_from]
columns:
  organization_id: The organisation.
  vm_id: The VM.
  billed_from: Since when; for one that was seen so first, since ever.
  billed_to: Until when; for one that was seen so last, for ever.
*/
with versions as (
  select
    organization_id,
    vm_id,
    coalesce(regexp_matches(lower(billing_type), '(^|[^a-z])(spot|preemptible)([^a-z]|$)'), false) as is_spot,
    valid_from,
    row_number() over of_vm as version
  from stg_vms
  window of_vm as (partition by organization_id, vm_id order by valid_from)
),

changes as (
  select
    *
  from versions
  qualify is_spot is distinct from lag(is_spot) over (partition by organization_id, vm_id order by valid_from)
),

stretches as (
  select
    organization_id,
    vm_id,
    is_spot,
    -- Before a VM was first seen it counts as it was seen first.
    case when version = 1 then timestamp '0001-01-01' else valid_from end as billed_from,
    -- And after it was last seen, as it was seen last.
    coalesce(
      lead(valid_from) over (partition by organization_id, vm_id order by valid_from),
      timestamp '9999-12-31'
    ) as billed_to
  from changes
),

final as (
  select
    organization_id,
    vm_id,
    billed_from,
    billed_to
  from stretches
  where is_spot
)

select
  organization_id,
  vm_id,
  billed_from,
  billed_to
from final
