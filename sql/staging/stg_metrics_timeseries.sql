/*
description: How busy resources were, point by point, as the API's monitoring answers. Empty where it is not offered.
grain: [project_id, labels, measured_at, from_date]
columns:
  organization_id: The organisation.
  project_id: The project.
  from_date: The first day that was asked for.
  metric_name: The metric, where the API names it.
  labels: What it was measured of.
  measured_at: When it was measured, UTC.
  value: What was measured.
*/
with answers as (
  select
    organization_id,
    project_id,
    from_date,
    unnest(coalesce(json_extract(data, '$.result[*]'), [])) as series
  from raw.metrics_timeseries
  where _valid_to is null
),

points as (
  select
    organization_id,
    project_id,
    from_date,
    series->'metric' as labels,
    unnest(json_extract(series, '$.values[*]')) as point
  from answers
),

final as (
  select
    organization_id,
    project_id,
    from_date,
    labels->>'__name__' as metric_name,
    labels::varchar as labels,
    to_timestamp(try_cast(point->>0 as double))::timestamp as measured_at,
    try_cast(point->>1 as double) as value
  from points
)

select
  organization_id,
  project_id,
  from_date,
  metric_name,
  labels,
  measured_at,
  value
from final
