/*
description: Usage that is spot, in part or as a whole - that of VMs whose billing type says so, as far as it was read by resource, and that whose own type or metric says so.
grain: [organization_key, usage_date, project_key, region_key, resource_type_key, metric_key]
incremental: {by: usage_date, follows: [int_usage_daily, stg_resource_usage]}
columns:
  organization_key: The organisation; empty where there is none.
  usage_date: The UTC day.
  project_key: The project; empty where there is none.
  region_key: The region as it came; empty where there is none.
  resource_type_key: The type as it came; empty where there is none.
  metric_key: The metric in its one spelling; empty where there is none.
  reservation_key: Always empty, since nothing that is drawn from a reservation is spot.
  quantity: How much of the usage is spot; never more than there is.
  gpu_hours: The GPU-hours in it; null where the usage is no GPU time.
*/
with used as (
  select
    usage.organization_id,
    usage.usage_date,
    usage.project_id,
    usage.region,
    usage.resource_type,
    usage.billable_metric,
    sum(usage.quantity) as quantity
  from stg_resource_usage as usage
  inner join int_spot_vms as spot
    on usage.organization_id = spot.organization_id
    and usage.resource_id = spot.vm_id
    and usage.usage_date + interval 1 day > spot.billed_from
    and usage.usage_date + interval 1 day <= spot.billed_to
  where usage.reservation_id is null
    and usage.quantity > 0
  group by all
),

-- Each row of usage is told by its own name, so that those of other days make no difference. By way of count(*) the
-- few names are looked at and not each row.
spot_names as (
  select
    resource_type,
    billable_metric
  from int_usage_daily
  group by
    resource_type,
    billable_metric
  having case
    when count(*) > 0
      then regexp_matches(
        lower(concat_ws(' ', resource_type, billable_metric)),
        '(^|[^a-z])(spot|preemptible)([^a-z]|$)'
      )
  end
),

-- Most organisations have neither such a name nor such a VM: a join with nothing on one side reads nothing on the other.
matched as (
  select
    usage.*,
    usage.quantity as spot_quantity
  from int_usage_daily as usage
  semi join spot_names
    on usage.resource_type = spot_names.resource_type
    and coalesce(usage.billable_metric, '') = coalesce(spot_names.billable_metric, '')
  where usage.reservation_id is null
    and usage.quantity > 0

  union all

  select
    usage.*,
    least(used.quantity, usage.quantity) as spot_quantity
  from int_usage_daily as usage
  inner join used
    on usage.usage_date = used.usage_date
    and coalesce(usage.organization_id, '') = coalesce(used.organization_id, '')
    and coalesce(usage.project_id, '') = coalesce(used.project_id, '')
    and coalesce(usage.region, '') = coalesce(used.region, '')
    and coalesce(usage.resource_type, '') = coalesce(used.resource_type, '')
    and coalesce(usage.billable_metric, '') = coalesce(used.billable_metric, '')
  anti join spot_names
    on usage.resource_type = spot_names.resource_type
    and coalesce(usage.billable_metric, '') = coalesce(spot_names.billable_metric, '')
  where usage.reservation_id is null
    and usage.quantity > 0
),

final as (
  select
    coalesce(organization_id, '') as organization_key,
    usage_date,
    coalesce(project_id, '') as project_key,
    coalesce(region, '') as region_key,
    coalesce(resource_type, '') as resource_type_key,
    coalesce(billable_metric, '') as metric_key,
    '' as reservation_key,
    spot_quantity::decimal(38, 12) as quantity,
    -- GPU-hours are the quantity times a whole number, which a DOUBLE tells exactly.
    (spot_quantity * round(gpu_hours / quantity)::integer)::decimal(38, 12) as gpu_hours
  from matched
)

select
  organization_key,
  usage_date,
  project_key,
  region_key,
  resource_type_key,
  metric_key,
  reservation_key,
  quantity,
  gpu_hours
from final
