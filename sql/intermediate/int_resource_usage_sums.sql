/*
description: Usage by resource, summed over its resources, so that it can be held against the usage by project.
incremental: {by: usage_date, follows: [fct_resource_usage_daily]}
grain: [organization_id, usage_date, project_id, region, resource_type, billable_metric]
columns:
  organization_id: The organisation.
  usage_date: The UTC day.
  project_id: The project.
  region: The region as it came.
  resource_type: The type as it came.
  billable_metric: The metric in its one spelling.
  quantity: How much, in the metric's unit.
  row_count: Rows that it is the sum of, at least one for each resource.
*/
with final as (
  select
    organization_id,
    usage_date,
    project_id,
    region,
    resource_type,
    billable_metric,
    sum(quantity)::decimal(38, 12) as quantity,
    count(*) as row_count
  from fct_resource_usage_daily
  group by all
)

select
  organization_id,
  usage_date,
  project_id,
  region,
  resource_type,
  billable_metric,
  quantity,
  row_count
from final
