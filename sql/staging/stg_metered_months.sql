/*
description: By month, the types and metrics of usage as they came, so that years of rows need not be read to know them.
materialized: table
incremental: {by: usage_month, each: month, follows: [{stg_metered_usage: [usage_date, usage_date]}]}
grain: [usage_month, is_by_resource, resource_type, spelling]
columns:
  usage_month: The first day of the month.
  is_by_resource: Whether it is of usage by resource, and not by project.
  resource_type: The type as it came; null by resource.
  spelling: The metric as it came.
  was_known: Whether any of it was known for any time; null by resource.
  last_used_date: The last day of the month on which it was used, as it is known now; null where it was not, and by resource.
*/
with final as (
  select
    date_trunc('month', usage_date)::date as usage_month,
    is_by_resource,
    resource_type,
    spelling,
    bool_or(was_known) as was_known,
    max(usage_date) filter (where is_used) as last_used_date
  from stg_metered_usage
  group by
    date_trunc('month', usage_date)::date,
    is_by_resource,
    resource_type,
    spelling
)

select
  usage_month,
  is_by_resource,
  resource_type,
  spelling,
  was_known,
  last_used_date
from final
