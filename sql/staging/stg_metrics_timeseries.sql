/*
description: How busy resources were, point by point, as the API's monitoring answers. Empty where it is not offered.
grain: [project_id, labels, measured_at, from_date]
columns:
  organization_id: The organisation.
  project_id: The project.
  from_date: The first day that was asked for.
  to_date: The last day that was asked for.
  metric_name: The metric, where the API names it.
  labels: What it was measured of.
  measured_at: When it was measured, UTC.
  value: What was measured.
*/
with series as (
  select
    organization_id,
    project_id,
    from_date,
    to_date,
    unnest(
      list_concat(
        coalesce(json_extract(data, '$.result[*]'), []),
        coalesce(json_extract(data, '$[*]'), [])
      )
    ) as series
  from raw.metrics_timeseries
  where _valid_to is null
),

-- What a series says of itself is read once, and not for each of its points.
named as (
  select
    organization_id,
    project_id,
    from_date,
    to_date,
    coalesce(series->>'$.metric.__name__', series->>'$.metric.metric_name', series->>'$.metric.metric') as metric_name,
    (series->'metric')::varchar as labels,
    json_extract(series, '$.values[*]') as points
  from series
),

points as (
  select
    organization_id,
    project_id,
    from_date,
    to_date,
    metric_name,
    labels,
    unnest(points) as point
  from named
),

final as (
  select
    organization_id,
    project_id,
    from_date,
    to_date,
    metric_name,
    labels,
    to_timestamp(try_cast(point->>0 as double))::timestamp as measured_at,
    try_cast(point->>1 as double) as value
  from points
)

select
  organization_id,
  project_id,
  from_date,
  to_date,
  metric_name,
  labels,
  measured_at,
  value
from final
