/*
description: >-
  What explains each day that stands out in fct_gpu_hours_trend: the three projects and the three resource types that
  went furthest the same way from their own median of the same weekdays.
grain: [usage_date, scope, scope_value, driver_kind, driver_rank]
incremental:
  by: usage_date
  follows: [int_gpu_hours_anomalies, int_gpu_hours_by_scope, fct_gpu_hours_daily]
  looks_back: 56 days
columns:
  usage_date: The UTC day.
  scope: all, project, gpu_type, region or cost_centre.
  scope_value: The project's id, the GPU type, the region or the cost centre; all where the scope is all.
  scope_name: What it is called.
  driver_kind: project or resource_type. A project's own days have resource types only.
  driver_rank: From 1, which explains most, to 3.
  driver_value: The project's id, or the resource type as it came.
  driver_name: The project's name, or the resource type.
  gpu_hours: Its GPU-hours of the day within the scope.
  expected_gpu_hours: The median of its GPU-hours within the scope, over the same days that the scope's is taken over.
  driver_gpu_hours: gpu_hours less expected_gpu_hours.
  share: driver_gpu_hours in the size of the anomaly. Several can be more than 1 together, where others went the other way.
tests:
  - not_null: [usage_date, scope, scope_value, driver_value, gpu_hours, expected_gpu_hours, driver_gpu_hours]
  - accepted_values:
      column: driver_kind
      values: [project, resource_type]
  - range: {column: driver_rank, min: 1, max: 3}
*/
with anomalies as (
  select
    scopes.scope,
    scopes.scope_value,
    scopes.scope_name,
    found.scope_number,
    found.usage_date,
    found.anomaly_gpu_hours,
    found.compared_days
  from int_gpu_hours_anomalies as found
  inner join int_gpu_hours_scopes as scopes
    on found.scope_number = scopes.scope_number
),

compared as (
  select
    scope,
    scope_value,
    scope_number,
    usage_date,
    usage_date - unnest([0, 7, 14, 21, 28, 35, 42, 49, 56]) as compared_date
  from anomalies
),

whole_days as (
  select compared.*
  from compared
  inner join int_gpu_hours_by_scope as days
    on compared.scope_number = days.scope_number
    and compared.compared_date = days.usage_date
  where days.is_whole
),

usage as (
  select
    daily.usage_date,
    daily.project_id,
    daily.project_name,
    daily.resource_type,
    daily.gpu_type,
    coalesce(daily.region, 'unknown') as region,
    coalesce(centres.cost_centre, 'unassigned') as cost_centre,
    daily.gpu_hours
  from fct_gpu_hours_daily as daily
  left join int_cost_centres_in_force as centres
    on daily.project_id = centres.project_id
    and daily.usage_date >= centres.starts_on
    and daily.usage_date < centres.ends_before
  where daily.usage_date in (select compared_date from whole_days)
),

within_scope as (
  select
    whole_days.*,
    usage.* exclude (usage_date)
  from whole_days
  inner join usage
    on whole_days.compared_date = usage.usage_date
  where whole_days.scope = 'all'

  union all

  select
    whole_days.*,
    usage.* exclude (usage_date)
  from whole_days
  inner join usage
    on whole_days.compared_date = usage.usage_date
    and whole_days.scope_value = usage.project_id
  where whole_days.scope = 'project'

  union all

  select
    whole_days.*,
    usage.* exclude (usage_date)
  from whole_days
  inner join usage
    on whole_days.compared_date = usage.usage_date
    and whole_days.scope_value = usage.gpu_type
  where whole_days.scope = 'gpu_type'

  union all

  select
    whole_days.*,
    usage.* exclude (usage_date)
  from whole_days
  inner join usage
    on whole_days.compared_date = usage.usage_date
    and whole_days.scope_value = usage.region
  where whole_days.scope = 'region'

  union all

  select
    whole_days.*,
    usage.* exclude (usage_date)
  from whole_days
  inner join usage
    on whole_days.compared_date = usage.usage_date
    and whole_days.scope_value = usage.cost_centre
  where whole_days.scope = 'cost_centre'
),

parts as (
  select
    scope_number,
    usage_date,
    compared_date,
    case when grouping(resource_type) = 0 then 'resource_type' else 'project' end as driver_kind,
    case when grouping(resource_type) = 0 then resource_type else project_id end as driver_value,
    case when grouping(resource_type) = 0 then resource_type else project_name end as driver_name,
    sum(gpu_hours) as gpu_hours
  from within_scope
  group by grouping sets (
    (scope, scope_number, usage_date, compared_date, resource_type),
    (scope, scope_number, usage_date, compared_date, project_id, project_name)
  )
  -- The days of a project have its types alone.
  having grouping(resource_type) = 0
    or scope <> 'project'
),

collected as (
  select
    scope_number,
    usage_date,
    driver_kind,
    driver_value,
    max(driver_name) as driver_name,
    coalesce(sum(gpu_hours) filter (where compared_date = usage_date), 0)::decimal(38, 12) as gpu_hours,
    coalesce(
      list(gpu_hours order by compared_date) filter (where compared_date < usage_date),
      []
    )::decimal(38, 12)[] as earlier_gpu_hours
  from parts
  group by
    scope_number,
    usage_date,
    driver_kind,
    driver_value
),

-- A day of the scope on which the part has no row is one without use of it.
measured as (
  select
    anomalies.usage_date,
    anomalies.scope,
    anomalies.scope_value,
    anomalies.scope_name,
    anomalies.anomaly_gpu_hours,
    collected.driver_kind,
    collected.driver_value,
    collected.driver_name,
    collected.gpu_hours,
    list_aggregate(
      list_resize(collected.earlier_gpu_hours, anomalies.compared_days, 0::decimal(38, 12)),
      'median'
    )::decimal(38, 12) as expected_gpu_hours
  from collected
  inner join anomalies
    on collected.scope_number = anomalies.scope_number
    and collected.usage_date = anomalies.usage_date
),

final as (
  select
    *,
    gpu_hours - expected_gpu_hours as driver_gpu_hours,
    driver_gpu_hours / nullif(anomaly_gpu_hours, 0) as share,
    row_number() over (
      partition by usage_date, scope, scope_value, driver_kind
      order by abs(driver_gpu_hours) desc, driver_value
    ) as driver_rank
  from measured
  where sign(gpu_hours - expected_gpu_hours) = sign(anomaly_gpu_hours)
  qualify driver_rank <= 3
)

select
  usage_date,
  scope,
  scope_value,
  scope_name,
  driver_kind,
  driver_rank,
  driver_value,
  driver_name,
  gpu_hours,
  expected_gpu_hours,
  driver_gpu_hours,
  share
from final
