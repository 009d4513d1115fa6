/*
description: >-
  The 25 resources that used most in the month, by GPU-hours, then by cost. The GPUs of a unit and its price are those
  by which the same usage is reckoned in fct_cost_daily, so that both sums agree.
grain: [resource_id, project_id, region, resource_type, billable_metric, currency]
columns:
  resource_id: The resource.
  resource_name: Its latest name; its id where it has none.
  project_id: The project.
  project_name: The project's name; its id where it has none.
  region: The region as it came.
  resource_type: The type as it came.
  gpu_type: The GPU's type; null where the usage is no GPU time.
  billable_metric: What is counted.
  quantity: How much, in the metric's unit.
  gpu_hours: The GPU-hours in it; null where the usage is no GPU time.
  currency: The currency of the cost; null where unpriced.
  cost: What it cost; null where unpriced.
  active_days: On how many days of the month it was used.
*/
-- Parameters: $period_start, $period_end (exclusive).

with rates as (
  select
    usage_date,
    project_id,
    region,
    resource_type,
    billable_metric,
    reservation_id,
    max(currency) as currency,
    max(unit_price) as unit_price,
    max(round(gpu_hours / nullif(quantity, 0)))::integer as gpus_per_unit,
    max(gpu_type) as gpu_type,
    max(project_name) as project_name
  from fct_cost_daily
  where usage_date >= cast($period_start as date)
    and usage_date < cast($period_end as date)
  group by
    usage_date,
    project_id,
    region,
    resource_type,
    billable_metric,
    reservation_id
),

resource_usage as (
  select
    fct_resource_usage_daily.resource_id,
    fct_resource_usage_daily.resource_name,
    fct_resource_usage_daily.project_id,
    rates.project_name,
    fct_resource_usage_daily.region,
    fct_resource_usage_daily.resource_type,
    rates.gpu_type,
    fct_resource_usage_daily.billable_metric,
    fct_resource_usage_daily.usage_date,
    fct_resource_usage_daily.quantity,
    (fct_resource_usage_daily.quantity * rates.gpus_per_unit)::decimal(38, 12) as gpu_hours,
    rates.currency,
    (fct_resource_usage_daily.quantity::decimal(38, 12) * rates.unit_price)::decimal(38, 10) as cost
  from fct_resource_usage_daily
  left join rates
    on rates.usage_date = fct_resource_usage_daily.usage_date
    and rates.project_id = fct_resource_usage_daily.project_id
    and rates.region is not distinct from fct_resource_usage_daily.region
    and rates.resource_type = fct_resource_usage_daily.resource_type
    and rates.billable_metric = fct_resource_usage_daily.billable_metric
    and rates.reservation_id is not distinct from fct_resource_usage_daily.reservation_id
  where fct_resource_usage_daily.usage_date >= cast($period_start as date)
    and fct_resource_usage_daily.usage_date < cast($period_end as date)
),

final as (
  select
    resource_id,
    coalesce(max_by(resource_name, usage_date), resource_id) as resource_name,
    project_id,
    coalesce(max(project_name), project_id) as project_name,
    region,
    resource_type,
    max(gpu_type) as gpu_type,
    billable_metric,
    sum(quantity)::decimal(38, 12) as quantity,
    sum(gpu_hours)::decimal(38, 12) as gpu_hours,
    currency,
    sum(cost)::decimal(38, 10) as cost,
    count(distinct usage_date) filter (where quantity > 0) as active_days
  from resource_usage
  group by
    resource_id,
    project_id,
    region,
    resource_type,
    billable_metric,
    currency
)

select
  resource_id,
  resource_name,
  project_id,
  project_name,
  region,
  resource_type,
  gpu_type,
  billable_metric,
  quantity,
  gpu_hours,
  currency,
  cost,
  active_days
from final
where quantity > 0
order by
  gpu_hours desc nulls last,
  cost desc nulls last,
  quantity desc,
  resource_id,
  project_id,
  region,
  resource_type,
  billable_metric,
  currency
limit 25
