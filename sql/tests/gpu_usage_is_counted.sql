/*
description: Usage of a GPU type is in GPU-hours or instance-hours, and its GPUs are known. What fails here is in no GPU-hours.
severity: warn
*/
with gpu_types as (
  select distinct
    months.resource_type,
    types.gpu_type,
    types.num_gpu
  from int_usage_months as months
  inner join int_resource_types as types
    on lower(months.resource_type) = types.resource_type_key
  where types.gpu_type is not null
    -- Of most there are none, so that years of days need not be looked at.
    and months.first_gpu_date is null
    and not months.is_exported
),

final as (
  select
    usage.resource_type,
    usage.billable_metric,
    gpu_types.gpu_type,
    gpu_types.num_gpu,
    min(usage.usage_date) as first_usage_date,
    max(usage.usage_date) as last_usage_date,
    sum(usage.quantity) as quantity
  from int_usage_daily as usage
  inner join gpu_types
    on usage.resource_type = gpu_types.resource_type
  where usage.gpu_hours is null
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
