/*
description: Usage by resource, summed over its resources, so that it can be held against the usage by project.
incremental: {by: usage_date, follows: [raw.resource_usage, fct_resource_usage_daily]}
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
with metrics_of_several_spellings as (
  select billable_metric
  from stg_billable_metrics
  where is_by_resource
  group by billable_metric
  having count(*) > 1
),

several_spellings as (
  select spelling
  from stg_billable_metrics
  where billable_metric in (select billable_metric from metrics_of_several_spellings)
),

-- The millions of rows are summed as they came, and get the one spelling of their metric afterwards.
came as (
  select
    organization_id,
    usage_date,
    project_id,
    region,
    resource_type,
    billable_metric as spelling,
    sum(quantity) as quantity,
    count(*) as row_count
  from raw.resource_usage
  where _known_to is null
    and (billable_metric is null or billable_metric not in (select spelling from several_spellings))
  group by all
),

final as (
  select
    came.organization_id,
    came.usage_date,
    came.project_id,
    came.region,
    came.resource_type,
    metrics.billable_metric,
    came.quantity::decimal(38, 12) as quantity,
    came.row_count
  from came
  left join stg_billable_metrics as metrics
    on came.spelling = metrics.spelling

  union all

  -- Rows of one resource in two spellings count as one.
  select
    organization_id,
    usage_date,
    project_id,
    region,
    resource_type,
    billable_metric,
    sum(quantity)::decimal(38, 12),
    count(*)
  from fct_resource_usage_daily
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
  quantity,
  row_count
from final
