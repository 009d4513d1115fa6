/*
description: What each project used in the period by resource type, region and metric, with its cost and the period before.
grain: [project_id, resource_type, region, billable_metric, currency]
columns:
  project_id: The project.
  resource_type: What was used.
  region: Where; null where the usage names no region.
  billable_metric: What is counted.
  quantity: How much, in the metric's unit.
  gpu_hours: The GPU-hours in it; null where the usage is no GPU time.
  currency: The currency of the costs.
  cost: What it cost; null without a price.
  previous_cost: What it cost on the days before that the period is compared with.
*/
-- Parameters: $period_start, $period_end, $previous_start, $previous_end (ends exclusive).

with charges as (
  select
    usage_date >= cast($period_start as date) as is_current,
    project_id,
    resource_type,
    region,
    billable_metric,
    coalesce(currency, (select currency from meta_build)) as currency,
    quantity,
    gpu_hours,
    cost
  from fct_cost_daily
  where (usage_date >= cast($period_start as date) and usage_date < cast($period_end as date))
    or (usage_date >= cast($previous_start as date) and usage_date < cast($previous_end as date))
),

final as (
  select
    project_id,
    resource_type,
    region,
    billable_metric,
    coalesce(sum(quantity) filter (where is_current), 0)::decimal(38, 12) as quantity,
    sum(gpu_hours) filter (where is_current)::decimal(38, 12) as gpu_hours,
    currency,
    sum(cost) filter (where is_current)::decimal(38, 10) as cost,
    sum(cost) filter (where not is_current)::decimal(38, 10) as previous_cost
  from charges
  group by
    project_id,
    resource_type,
    region,
    billable_metric,
    currency
  having count(*) filter (where quantity <> 0) > 0
)

select
  project_id,
  resource_type,
  region,
  billable_metric,
  quantity,
  gpu_hours,
  currency,
  cost,
  previous_cost
from final
order by
  project_id,
  currency = (select currency from meta_build) desc,
  currency,
  cost desc nulls last,
  gpu_hours desc nulls last,
  quantity desc,
  resource_type,
  region nulls last,
  billable_metric
