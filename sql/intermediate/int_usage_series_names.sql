/*
description: To which series of usage a row belongs, by the names that it came with.
grain: [organization_id, project_id, region, resource_type, billable_metric]
columns:
  organization_id: The organisation.
  project_id: The project.
  region: The region as it came; empty where it has none.
  resource_type: The type as it came.
  billable_metric: The metric in its one spelling; empty where it has none.
  series_id: The series.
*/
with used as (
  select distinct
    organization_id,
    project_id,
    region,
    resource_type,
    billable_metric
  from int_usage_months
),

keyed as (
  select
    used.*,
    regions.match_key as region_key,
    types.match_key as type_key
  from used
  left join int_match_keys as regions
    on regions.kind = 'region'
    and used.region = regions.spelling
  left join int_match_keys as types
    on types.kind = 'type'
    and used.resource_type = types.spelling
),

final as (
  select distinct
    keyed.organization_id,
    keyed.project_id,
    coalesce(keyed.region, '') as region,
    keyed.resource_type,
    coalesce(keyed.billable_metric, '') as billable_metric,
    series.series_id
  from keyed
  inner join int_usage_series as series
    on keyed.organization_id = series.organization_id
    and keyed.project_id = series.project_id
    and keyed.type_key is not distinct from series.type_key
    and (not series.has_regions or keyed.region_key is not distinct from series.region_key)
    and (not series.has_metrics or keyed.billable_metric is not distinct from series.metric_key)
)

select
  organization_id,
  project_id,
  region,
  resource_type,
  billable_metric,
  series_id
from final
