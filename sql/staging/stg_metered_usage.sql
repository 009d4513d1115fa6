/*
description: What was ever said of usage, by project and by resource, as far as it tells by which metrics types are metered.
incremental: {by: usage_date, follows: [raw.usage, raw.resource_usage]}
grain: [usage_date, is_by_resource, resource_type, spelling]
columns:
  usage_date: The UTC day.
  is_by_resource: Whether it is of usage by resource, and not by project.
  resource_type: The type as it came; null by resource.
  spelling: The metric as it came.
  was_known: Whether it was known for any time; null by resource.
  used_quantity: How much is known now to have been used, in the metric's unit; null where it was replaced, and by resource.
*/
with final as (
  select
    usage_date,
    false as is_by_resource,
    resource_type,
    billable_metric as spelling,
    _known_to is null or _known_to > _known_from as was_known,
    case when _known_to is null then quantity end as used_quantity
  from raw.usage

  union all

  select
    usage_date,
    true,
    null,
    billable_metric,
    null,
    null
  from raw.resource_usage
)

select
  usage_date,
  is_by_resource,
  resource_type,
  spelling,
  was_known,
  used_quantity
from final
