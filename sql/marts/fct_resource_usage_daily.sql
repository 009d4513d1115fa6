/*
description: Usage as it is known now, by day and resource. Empty where the account has no export by resource.
materialized: view
grain: [usage_date, project_id, region, resource_type, billable_metric, reservation_id, resource_id, resource_name]
incremental: {by: usage_date, follows: [stg_resource_usage]}
columns:
  organization_id: The organisation.
  usage_date: The UTC day.
  project_id: The project.
  region: The region as it came.
  resource_type: The type as it came.
  billable_metric: What is counted, in one spelling.
  reservation_id: The reservation that it was drawn from; null on demand.
  resource_id: The VM, disk or other resource.
  resource_name: Its name as the export has it.
  quantity: How much, in the metric's unit.
tests:
  - not_null: [usage_date, project_id, quantity]
  - relationship: {column: project_id, model: dim_project, to: project_id}
  - range: {column: quantity, min: 0}
    severity: warn
*/
with metrics_of_several_spellings as (
  select billable_metric
  from staging.stg_billable_metrics
  where is_by_resource
  group by billable_metric
  having count(*) > 1
),

-- Only such rows can be two of one grain; to sum the millions of others would cost most of the build.
final as (
  select
    organization_id,
    usage_date,
    project_id,
    region,
    resource_type,
    billable_metric,
    reservation_id,
    resource_id,
    resource_name,
    quantity::decimal(38, 12) as quantity
  from staging.stg_resource_usage
  where billable_metric is null
    or billable_metric not in (select billable_metric from metrics_of_several_spellings)

  union all

  select
    organization_id,
    usage_date,
    project_id,
    region,
    resource_type,
    billable_metric,
    reservation_id,
    resource_id,
    resource_name,
    sum(quantity)::decimal(38, 12)
  from staging.stg_resource_usage
  where billable_metric in (select billable_metric from metrics_of_several_spellings)
  group by all
)

select
  organization_id,
  usage_date,
  project_id,
  region,
  resource_type,
  billable_metric,
  reservation_id,
  resource_id,
  resource_name,
  quantity
from final
