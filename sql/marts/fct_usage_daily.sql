/*
description: Usage as it is known now, by day, project, region, type, metric and reservation. Nothing that the API gave is left out.
materialized: view
grain: [usage_date, project_id, region, resource_type, billable_metric, reservation_id]
incremental: {by: usage_date, follows: [int_usage_daily]}
columns:
  organization_id: The organisation.
  usage_date: The UTC day.
  project_id: The project.
  region: The region as it came.
  resource_type: The type as it came, such as h100-80gb-sxm-ib.8x or persistent-ssd.
  billable_metric: What is counted, in one spelling, such as gpu-hours, instance-hours or gib-hours.
  reservation_id: The reservation that it was drawn from; null on demand.
  quantity: How much, in the metric's unit.
tests:
  - not_null: [usage_date, project_id, quantity]
  - relationship: {column: project_id, model: dim_project, to: project_id}
  - range: {column: quantity, min: 0}
    severity: warn
*/
with final as (
  select
    organization_id,
    usage_date,
    project_id,
    region,
    resource_type,
    billable_metric,
    reservation_id,
    quantity
  from intermediate.int_usage_daily
)

select
  organization_id,
  usage_date,
  project_id,
  region,
  resource_type,
  billable_metric,
  reservation_id,
  quantity
from final
