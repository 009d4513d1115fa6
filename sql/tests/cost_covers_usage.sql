/*
description: fct_cost_daily has each row of fct_usage_daily once, with the same quantity, whether it is priced or not.
severity: error
*/
with both_sides as (
  select
    usage_date,
    project_id,
    region,
    resource_type,
    billable_metric,
    reservation_id,
    quantity,
    1 as usage_rows,
    0 as cost_rows
  from fct_usage_daily

  union all

  select
    usage_date,
    project_id,
    region,
    resource_type,
    billable_metric,
    reservation_id,
    quantity,
    0,
    1
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
    quantity,
    sum(usage_rows) as usage_rows,
    sum(cost_rows) as cost_rows
  from both_sides
  group by all
  having sum(usage_rows) <> sum(cost_rows)
)

select
  usage_date,
  project_id,
  region,
  resource_type,
  billable_metric,
  reservation_id,
  quantity,
  usage_rows,
  cost_rows
from final
