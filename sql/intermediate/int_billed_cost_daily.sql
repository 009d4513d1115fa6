/*
description: What the API bills for usage on demand and spot, where tally.toml prefers that to prices.csv and it is for the same quantity. Otherwise empty.
grain: [organization_key, usage_date, project_key, region_key, resource_type_key, metric_key]
incremental: {by: usage_date, follows: [stg_billing_costs, int_usage_daily, int_spot_usage_daily]}
columns:
  organization_key: The organisation; empty where there is none.
  usage_date: The UTC day.
  project_key: The project; empty where there is none.
  region_key: The region as it came; empty where there is none.
  resource_type_key: The type as it came; empty where there is none.
  metric_key: The metric in its one spelling; empty where there is none.
  reservation_key: Always empty, since what is drawn from a reservation is not billed by use.
  cost: What is billed, rounded half up to 10 places.
  spot_cost: What of it falls on the part that is spot, by quantity, rounded down to 10 places.
*/
with billed as (
  select
    coalesce(costs.organization_id, '') as organization_key,
    costs.usage_date,
    coalesce(costs.project_id, '') as project_key,
    coalesce(costs.region, '') as region_key,
    coalesce(costs.resource_type, '') as resource_type_key,
    coalesce(costs.billable_metric, '') as metric_key,
    '' as reservation_key,
    sum(costs.quantity) as quantity,
    sum(costs.cost) as cost
  from stg_billing_costs as costs
  cross join meta.build as build
  where build.billing = 'prefer'
    and costs.is_current
  group by all
  having bool_and(costs.cost is not null)
),

final as (
  select
    billed.organization_key,
    billed.usage_date,
    billed.project_key,
    billed.region_key,
    billed.resource_type_key,
    billed.metric_key,
    billed.reservation_key,
    round(billed.cost, 10)::decimal(38, 10) as cost,
    -- By integers, since `/` is DOUBLE: the cost in 10^-10, quantities in 10^-6.
    (
      (
        (round(billed.cost, 10) * 10000000000::decimal(11, 0))::hugeint
        * (coalesce(spot.quantity, 0) * 1000000::decimal(7, 0))::hugeint
        // nullif((usage.quantity * 1000000::decimal(7, 0))::hugeint, 0)
      )::decimal(28, 0) * 0.0000000001::decimal(10, 10)
    )::decimal(38, 10) as spot_cost
  from billed
  inner join int_usage_daily as usage
    on billed.usage_date = usage.usage_date
    and billed.organization_key = coalesce(usage.organization_id, '')
    and billed.project_key = coalesce(usage.project_id, '')
    and billed.region_key = coalesce(usage.region, '')
    and billed.resource_type_key = coalesce(usage.resource_type, '')
    and billed.metric_key = coalesce(usage.billable_metric, '')
    and billed.reservation_key = coalesce(usage.reservation_id, '')
  left join int_spot_usage_daily as spot
    on billed.usage_date = spot.usage_date
    and billed.organization_key = spot.organization_key
    and billed.project_key = spot.project_key
    and billed.region_key = spot.region_key
    and billed.resource_type_key = spot.resource_type_key
    and billed.metric_key = spot.metric_key
  where billed.quantity - usage.quantity between -0.000001 and 0.000001
    and usage.quantity <> 0
)

select
  organization_key,
  usage_date,
  project_key,
  region_key,
  resource_type_key,
  metric_key,
  reservation_key,
  cost,
  coalesce(spot_cost, 0)::decimal(38, 10) as spot_cost
from final
