/*
description: On which days GPUs were used on demand, by type and region.
grain: [organization_id, usage_date, resource_type, region]
incremental: {by: usage_date, follows: [fct_cost_daily]}
columns:
  organization_id: The organisation.
  usage_date: The UTC day.
  resource_type: The type as it came.
  region: The region as it came.
*/
with final as (
  select distinct
    organization_id,
    usage_date,
    resource_type,
    region
  from fct_cost_daily
  where pricing_category = 'on_demand'
    and gpu_hours > 0
)

select
  organization_id,
  usage_date,
  resource_type,
  region
from final
