/*
description: fct_cost_daily has all of each row of fct_usage_daily, and nothing else, whether it is priced or not.
severity: error
incremental: {by: usage_date, follows: [fct_usage_daily, fct_cost_daily]}
*/
with both_sides as (
  select
    usage_date,
    project_id,
    region,
    resource_type,
    billable_metric,
    reservation_id,
    quantity as usage_quantity,
    null as cost_quantity
  from fct_usage_daily

  union all

  select
    usage_date,
    project_id,
    region,
    resource_type,
    billable_metric,
    reservation_id,
    null,
    quantity
  from fct_cost_daily
),

final as (
  select
    usage_date,
    project_id,
    region,
    resource_type,
    billable_metric,
    reservation_id,
    sum(usage_quantity)::decimal(38, 12) as usage_quantity,
    sum(cost_quantity)::decimal(38, 12) as cost_quantity
  from both_sides
  group by all
  having sum(usage_quantity) is distinct from sum(cost_quantity)
)

select
  usage_date,
  project_id,
  region,
  resource_type,
  billable_metric,
  reservation_id,
  usage_quantity,
  cost_quantity
from final
