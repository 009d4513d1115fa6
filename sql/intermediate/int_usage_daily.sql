/*
description: Usage as it is known now, summed over spellings of one metric, with the GPUs behind it.
grain: [organization_id, usage_date, project_id, region, resource_type, billable_metric, reservation_id]
incremental: {by: usage_date, follows: [stg_usage]}
columns:
  organization_id: The organisation.
  usage_date: The UTC day.
  project_id: The project.
  region: The region as it came.
  resource_type: The type as it came.
  billable_metric: The metric in its one spelling.
  reservation_id: The reservation that it was drawn from; null on demand.
  quantity: How much, in the metric's unit.
  gpu_type: The GPU's type; null where the usage is no GPU time.
  gpu_hours: GPU-hours; null where the usage is no GPU time, or nothing says how many GPUs the type has.
*/
with metrics_of_several_spellings as (
  select billable_metric
  from stg_billable_metrics
  where is_by_project
  group by billable_metric
  having count(*) > 1
),

-- Only such rows can be two of one grain; to sum the others would cost half of it all.
summed as (
  select
    organization_id,
    usage_date,
    project_id,
    region,
    resource_type,
    billable_metric,
    metric_kind,
    reservation_id,
    quantity::decimal(38, 12) as quantity
  from stg_usage
  where known_to is null
    and (billable_metric is null or billable_metric not in (select billable_metric from metrics_of_several_spellings))

  union all

  select
    organization_id,
    usage_date,
    project_id,
    region,
    resource_type,
    billable_metric,
    metric_kind,
    reservation_id,
    sum(quantity)::decimal(38, 12)
  from stg_usage
  where known_to is null
    and billable_metric in (select billable_metric from metrics_of_several_spellings)
  group by all
),

measured as (
  select
    summed.*,
    case
      when summed.metric_kind = 'gpu_hours' then summed.quantity
      when summed.metric_kind = 'instance_hours' and types.num_gpu > 0
        then (summed.quantity * types.num_gpu)::decimal(38, 12)
    end as gpu_hours,
    -- GPU-hours of a type that nobody knows are still GPU-hours: they go by how the type's name begins.
    coalesce(types.gpu_type, upper(nullif(regexp_extract(summed.resource_type, '^[^.-]+'), '')), 'unknown')
      as gpu_type_or_name
  from summed
  left join int_resource_types as types
    on lower(summed.resource_type) = types.resource_type_key
),

final as (
  select
    organization_id,
    usage_date,
    project_id,
    region,
    resource_type,
    billable_metric,
    reservation_id,
    quantity::decimal(38, 12) as quantity,
    case when gpu_hours is not null then gpu_type_or_name end as gpu_type,
    gpu_hours::decimal(38, 12) as gpu_hours
  from measured
)

select
  organization_id,
  usage_date,
  project_id,
  region,
  resource_type,
  billable_metric,
  reservation_id,
  quantity,
  gpu_type,
  gpu_hours
from final
