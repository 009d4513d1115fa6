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
-- What a series says of itself is read once, and not for each of its points.
with series as (
  select
    organization_id,
    project_id,
    from_date,
    to_date,
    coalesce(labels->>'$.__name__', labels->>'$.metric_name', labels->>'$.metric') as metric_name,
    labels,
    json_extract(points, '$[*]') as points
  from raw.metrics_timeseries
  where _valid_to is null
    and labels is not null
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
  from series
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
