/*
description: What the API itself bills by day, for on-demand and spot usage, with every value that it ever gave. Empty where it is not offered.
grain: [organization_id, project_id, usage_date, region, resource_type, billable_metric, known_from]
incremental: {by: usage_date, follows: [raw.billing_costs]}
columns:
  organization_id: The organisation.
  project_id: The project.
  usage_date: The UTC day.
  region: The region.
  resource_type: What was used.
  billable_metric: What it is counted in, in one spelling.
  quantity: How much.
  unit_price: The price of one, as the API says.
  cost: What it costs, as the API says.
  known_from: When it was first known so, UTC.
  known_to: When it was first known otherwise; null for what is known now.
  is_current: Whether it is known so now.
*/
with final as (
  select
    billed.organization_id,
    billed.project_id,
    billed.usage_date,
    billed.region,
    billed.resource_type,
    metrics.billable_metric,
    billed.quantity,
    billed.unit_price,
    billed.cost,
    billed._known_from as known_from,
    billed._known_to as known_to,
    billed._known_to is null as is_current
  from raw.billing_costs as billed
  left join staging.stg_billable_metrics as metrics
    on billed.billable_metric = metrics.spelling
  where billed._known_to is null or billed._known_to > billed._known_from
)

select
  organization_id,
  project_id,
  usage_date,
  region,
  resource_type,
  billable_metric,
  quantity,
  unit_price,
  cost,
  known_from,
  known_to,
  is_current
from final
