/*
description: Every spelling of a metric that came or stands in prices.csv, with its one spelling and what it measures.
materialized: table
grain: [spelling]
columns:
  spelling: The metric as it came.
  billable_metric: Its one spelling, such as gpu-hours; one that is not known is in lower case with - between its words.
  metric_kind: gpu_hours, instance_hours, storage or other.
  is_by_project: Whether usage by project came in it.
  is_by_resource: Whether usage by resource came in it.
*/
with named as (
  select
    spelling,
    not is_by_resource as is_by_project,
    is_by_resource
  from stg_metered_months

  union

  select
    billable_metric,
    false,
    false
  from raw.billing_costs

  union

  select
    billable_metric,
    false,
    false
  from workspace.prices
),

spellings as (
  select
    spelling,
    bool_or(is_by_project) as is_by_project,
    bool_or(is_by_resource) as is_by_resource
  from named
  group by spelling
),

keyed as (
  select
    spelling,
    is_by_project,
    is_by_resource,
    regexp_replace(lower(spelling), '[^\p{L}\p{N}]', '', 'g') as metric_key,
    trim(
      lower(regexp_replace(regexp_replace(spelling, '([a-z0-9])([A-Z])', '\1-\2', 'g'), '[\s_./-]+', '-', 'g')),
      '-'
    ) as dashed
  from spellings
  where spelling is not null
),

final as (
  select
    keyed.spelling,
    coalesce(metrics.billable_metric, nullif(keyed.dashed, ''), keyed.spelling) as billable_metric,
    coalesce(metrics.kind, 'other') as metric_kind,
    keyed.is_by_project,
    keyed.is_by_resource
  from keyed
  left join reference.billable_metrics as metrics
    on keyed.metric_key = metrics.metric_key
)

select
  spelling,
  billable_metric,
  metric_kind,
  is_by_project,
  is_by_resource
from final
