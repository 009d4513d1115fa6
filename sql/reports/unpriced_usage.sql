/*
description: Usage of the month that no price applies to, by resource type, in the units it is metered in.
grain: [resource_type, billable_metric]
columns:
  resource_type: The type as it came.
  billable_metric: What is counted.
  gpu_type: The GPU's type; null where the usage is no GPU time.
  quantity: How much, in the metric's unit.
  gpu_hours: The GPU-hours in it; null where the usage is no GPU time.
  project_count: How many projects used it.
  first_usage_date: The first UTC day of such usage in the month.
  last_usage_date: The last one.
*/
-- Parameters: $period_start, $period_end (exclusive).

with final as (
  select
    resource_type,
    billable_metric,
    max(gpu_type) as gpu_type,
    sum(quantity)::decimal(38, 12) as quantity,
    sum(gpu_hours)::decimal(38, 12) as gpu_hours,
    count(distinct project_id) as project_count,
    min(usage_date) as first_usage_date,
    max(usage_date) as last_usage_date
  from fct_cost_daily
  where cost is null
    and quantity <> 0
    and usage_date >= cast($period_start as date)
    and usage_date < cast($period_end as date)
  group by
    resource_type,
    billable_metric
)

select
  resource_type,
  billable_metric,
  gpu_type,
  quantity,
  gpu_hours,
  project_count,
  first_usage_date,
  last_usage_date
from final
order by
  gpu_hours desc nulls last,
  quantity desc,
  resource_type,
  billable_metric
