/*
description: Usage by resource as the API's export gave it, as it is known now, with the metric in its one spelling.
grain: [organization_id, project_id, usage_date, region, resource_type, billable_metric, reservation_id, resource_id, resource_name]
incremental: {by: usage_date, follows: [raw.resource_usage]}
columns:
  organization_id: The organisation.
  project_id: The project.
  usage_date: The UTC day.
  region: The region as it came.
  resource_type: The type as it came.
  billable_metric: The metric in its one spelling.
  reservation_id: The reservation that it was drawn from; null on demand.
  resource_id: The VM, disk or other resource.
  resource_name: Its name as the export has it.
  quantity: How much, in the metric's unit.
*/
with final as (
  select
    usage.organization_id,
    usage.project_id,
    usage.usage_date,
    usage.region,
    usage.resource_type,
    metrics.billable_metric,
    usage.reservation_id,
    usage.resource_id,
    usage.resource_name,
    usage.quantity
  from raw.resource_usage as usage
  left join staging.stg_billable_metrics as metrics
    on usage.billable_metric = metrics.spelling
  where usage._known_to is null
)

select
  organization_id,
  project_id,
  usage_date,
  region,
  resource_type,
  billable_metric,
  reservation_id,
  resource_id,
  resource_name,
  quantity
from final
