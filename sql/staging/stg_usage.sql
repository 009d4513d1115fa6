/*
description: Usage by project as the API gave it, every version of each row, with the metric in its one spelling.
grain: [organization_id, project_id, usage_date, region, resource_type, billable_metric, reservation_id, known_from]
incremental: {by: usage_date, follows: [raw.usage]}
columns:
  organization_id: The organisation.
  project_id: The project.
  usage_date: The UTC day.
  region: The region as it came.
  resource_type: The type as it came, such as h100-80gb-sxm-ib.8x.
  billable_metric: The metric in its one spelling.
  metric_kind: gpu_hours, instance_hours, storage or other.
  reservation_id: The reservation that it was drawn from; null on demand.
  quantity: How much, in the metric's unit.
  known_from: When it was first read so, UTC.
  known_to: When it was first read otherwise; null for what is known now.
*/
with final as (
  select
    usage.organization_id,
    usage.project_id,
    usage.usage_date,
    usage.region,
    usage.resource_type,
    metrics.billable_metric,
    coalesce(metrics.metric_kind, 'other') as metric_kind,
    usage.reservation_id,
    usage.quantity,
    usage._known_from as known_from,
    usage._known_to as known_to
  from raw.usage as usage
  left join staging.stg_billable_metrics as metrics
    on usage.billable_metric = metrics.spelling
  -- A value that was replaced in the very instant of its reading was never known.
  where usage._known_to is null or usage._known_to > usage._known_from
)

select
  organization_id,
  project_id,
  usage_date,
  region,
  resource_type,
  billable_metric,
  metric_kind,
  reservation_id,
  quantity,
  known_from,
  known_to
from final
