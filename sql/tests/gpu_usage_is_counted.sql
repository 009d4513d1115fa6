/*
description: Usage of a GPU type is in GPU-hours or instance-hours, and its GPUs are known. What fails here is in no GPU-hours.
severity: warn
*/
with final as (
  select
    usage.resource_type,
    usage.billable_metric,
    types.gpu_type,
    types.num_gpu,
    min(usage.usage_date) as first_usage_date,
    max(usage.usage_date) as last_usage_date,
    sum(usage.quantity) as quantity
  from int_usage_daily as usage
  inner join int_resource_types as types
    on lower(usage.resource_type) = types.resource_type_key
  where types.gpu_type is not null
    and usage.gpu_hours is null
  group by all
)

select
  resource_type,
  billable_metric,
  gpu_type,
  num_gpu,
  first_usage_date,
  last_usage_date,
  quantity
from final
