/*
description: By day, the types and metrics of usage by project and by resource as they came.
incremental: {by: usage_date, follows: [raw.usage, raw.resource_usage]}
grain: [usage_date, is_by_resource, resource_type, spelling]
columns:
  usage_date: The UTC day.
  is_by_resource: Whether it is of usage by resource, and not by project.
  resource_type: The type as it came; null by resource.
  spelling: The metric as it came.
  was_known: Whether any of it was known for any time; null by resource.
  is_used: Whether more than nothing was used, as it is known now; null by resource.
*/
with final as (
  select
    usage_date,
    false as is_by_resource,
    resource_type,
    billable_metric as spelling,
    bool_or(_known_to is null or _known_to > _known_from) as was_known,
    bool_or(_known_to is null and quantity > 0) as is_used
  from raw.usage
  group by
    usage_date,
    resource_type,
    billable_metric

  union all

  select
    usage_date,
    true,
    null,
    billable_metric,
    null,
    null
  from raw.resource_usage
  group by
    usage_date,
    billable_metric
)

select
  usage_date,
  is_by_resource,
  resource_type,
  spelling,
  was_known,
  is_used
from final
