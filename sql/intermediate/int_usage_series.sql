/*
description: Everything that can have usage day by day, one for each project, region, type and metric in the names that usage, usage by resource and inventory share, with what its days can be held against.
grain: [series_id]
columns:
  series_id: Its number within this build.
  organization_id: The organisation.
  project_id: The project.
  region_key: The region in one spelling; null for all regions where a source names none.
  type_key: The type in one spelling.
  metric_key: The metric in its one spelling; null where a source names none.
  has_regions: Whether regions tell the series of the organisation apart.
  has_metrics: Whether metrics do.
  region: The region as it came, or as the inventory has it; null for several.
  resource_type: The type as it came, or as the inventory has it.
  billable_metric: What is counted, in one spelling.
  is_exported: Whether usage by resource has the type and metric on any day.
  inventory_kind: vm or disk, where the metric is one that the inventory can tell.
  units: What one instance counts for in the metric, its GPUs or 1.
  metric_from_date: From which day on the type is counted in this metric alone.
  metric_before_date: Before which day it is.
  inventory_from_date: The first whole day after the first good read of the inventory.
  inventory_before_date: The day within which it was last read well.
  why_not_inventory: Why none of its days is held against the inventory; null where some may be.
*/
with used as (
  select distinct
    organization_id,
    project_id,
    region,
    resource_type,
    billable_metric,
    is_exported
  from int_usage_months
),

-- A source without regions or metrics can only be held against the sum over those of the other.
named as (
  select
    organization_id,
    bool_and(has_region) as has_regions,
    bool_and(has_metric) as has_metrics
  from (
    select
      organization_id,
      is_exported,
      max(nullif(region, '')) is not null as has_region,
      max(billable_metric) is not null as has_metric
    from used
    group by
      organization_id,
      is_exported
  ) as sources
  group by organization_id
),

types as (
  select
    spelling,
    match_key
  from int_match_keys
  where kind = 'type'
),

regions as (
  select
    spelling,
    match_key
  from int_match_keys
  where kind = 'region'
),

keyed as (
  select
    used.organization_id,
    used.project_id,
    case when named.has_regions then regions.match_key end as region_key,
    types.match_key as type_key,
    case when named.has_metrics then used.billable_metric end as metric_key,
    used.region,
    used.resource_type,
    used.billable_metric,
    used.is_exported
  from used
  inner join named
    on used.organization_id = named.organization_id
  left join regions
    on used.region = regions.spelling
  left join types
    on used.resource_type = types.spelling
),

kinds as (
  select distinct
    billable_metric,
    metric_kind,
    case
      when metric_kind in ('gpu_hours', 'instance_hours') then 'vm'
      when billable_metric = 'gib-hours' then 'disk'
    end as inventory_kind
  from stg_billable_metrics
),

-- In which metric a type is counted, from which day on; one that is counted in several at a time is in none.
metric_spans as (
  select
    usage.organization_id,
    types.match_key as type_key,
    kinds.inventory_kind,
    case when named.has_metrics then usage.billable_metric end as metric_key,
    min(usage.billable_metric) as billable_metric,
    min(usage.first_date) as first_date,
    max(usage.last_date) as last_date
  from (
    select
      organization_id,
      resource_type,
      billable_metric,
      min(first_used_date) as first_date,
      max(last_used_date) as last_date
    from int_usage_months
    where not is_exported
      and last_used_date is not null
    group by
      organization_id,
      resource_type,
      billable_metric
  ) as usage
  inner join named
    on usage.organization_id = named.organization_id
  inner join types
    on usage.resource_type = types.spelling
  inner join kinds
    on usage.billable_metric = kinds.billable_metric
  where kinds.inventory_kind is not null
  group by
    usage.organization_id,
    types.match_key,
    kinds.inventory_kind,
    case when named.has_metrics then usage.billable_metric end
),

metric_days as (
  select
    *,
    max(last_date) over (
      partition by organization_id, type_key, inventory_kind
      order by first_date, last_date, billable_metric
      rows between unbounded preceding and 1 preceding
    ) as previous_last_date,
    lead(first_date) over (
      partition by organization_id, type_key, inventory_kind
      order by first_date, last_date, billable_metric
    ) as next_first_date
  from metric_spans
),

single_metrics as (
  select
    organization_id,
    type_key,
    inventory_kind,
    metric_key,
    billable_metric,
    case when previous_last_date is null then date '0001-01-01' else first_date end as metric_from_date,
    coalesce(next_first_date, date '9999-12-31') as metric_before_date
  from metric_days
  where (organization_id, type_key, inventory_kind) not in (
    select (organization_id, type_key, inventory_kind)
    from metric_days
    where previous_last_date >= first_date
  )
),

usage_regions as (
  select distinct
    organization_id,
    region_key
  from keyed
  where not is_exported
),

stored as (
  select distinct
    organization_id,
    project_id,
    region,
    resource_type,
    resource_kind
  from int_inventory_spans
),

-- What the inventory has of types and regions that usage has, too.
stored_keys as (
  select distinct
    stored.organization_id,
    stored.project_id,
    case when named.has_regions then stored.region end as region_key,
    stored.resource_type as type_key,
    metrics.metric_key,
    metrics.billable_metric
  from stored
  inner join named
    on stored.organization_id = named.organization_id
  inner join single_metrics as metrics
    on stored.organization_id = metrics.organization_id
    and stored.resource_type = metrics.type_key
    and stored.resource_kind = metrics.inventory_kind
  where not named.has_regions
    or (stored.organization_id, stored.region) in (select (organization_id, region_key) from usage_regions)
),

grouped as (
  select
    organization_id,
    project_id,
    region_key,
    type_key,
    metric_key,
    min(region) as first_region,
    max(region) as last_region,
    min(resource_type) as resource_type,
    min(billable_metric) as billable_metric
  from (
    select
      organization_id,
      project_id,
      region_key,
      type_key,
      metric_key,
      region,
      resource_type,
      billable_metric
    from keyed

    union all

    select
      organization_id,
      project_id,
      region_key,
      type_key,
      metric_key,
      null,
      null,
      billable_metric
    from stored_keys
  ) as all_keys
  group by
    organization_id,
    project_id,
    region_key,
    type_key,
    metric_key
),

spelled as (
  select
    kind,
    match_key,
    min(spelling) as spelling
  from int_match_keys
  group by
    kind,
    match_key
),

exported as (
  select distinct
    organization_id,
    type_key,
    metric_key
  from keyed
  where is_exported
),

reads as (
  select
    organization_id,
    project_id,
    case stream when 'vms' then 'vm' else 'disk' end as inventory_kind,
    min(attempted_at) as first_read_at,
    max(attempted_at) as last_read_at
  from stg_read_windows
  where stream in ('vms', 'disks')
    and status = 'complete'
    and project_id is not null
  group by all
),

inventory_types as (
  select distinct
    organization_id,
    resource_kind,
    resource_type as type_key
  from stored
),

inventory_regions as (
  select distinct
    organization_id,
    region as region_key
  from stored
  where region is not null
),

gpus as (
  select
    types.match_key as type_key,
    max(resource_types.num_gpu) as num_gpu
  from int_resource_types as resource_types
  inner join types
    on resource_types.resource_type_key = lower(types.spelling)
  group by types.match_key
),

placed as (
  select
    grouped.*,
    case
      when grouped.resource_type is null then regions.spelling
      when grouped.region_key is not null or grouped.first_region = grouped.last_region then grouped.first_region
    end as region,
    types.spelling as type_spelling,
    named.has_regions,
    named.has_metrics,
    exported.organization_id is not null as is_exported,
    kinds.inventory_kind,
    case when kinds.metric_kind = 'gpu_hours' then gpus.num_gpu else 1 end as units,
    metrics.metric_from_date,
    metrics.metric_before_date,
    reads.first_read_at,
    reads.last_read_at,
    inventory_types.organization_id is not null as is_in_inventory,
    grouped.region_key is null or inventory_regions.organization_id is not null as is_in_known_region
  from grouped
  inner join named
    on grouped.organization_id = named.organization_id
  left join kinds
    on grouped.billable_metric = kinds.billable_metric
  left join spelled as regions
    on regions.kind = 'region'
    and grouped.region_key = regions.match_key
  left join spelled as types
    on types.kind = 'type'
    and grouped.type_key = types.match_key
  left join exported
    on grouped.organization_id = exported.organization_id
    and grouped.type_key is not distinct from exported.type_key
    and grouped.metric_key is not distinct from exported.metric_key
  left join gpus
    on grouped.type_key = gpus.type_key
  left join single_metrics as metrics
    on grouped.organization_id = metrics.organization_id
    and grouped.type_key = metrics.type_key
    and kinds.inventory_kind = metrics.inventory_kind
    and grouped.metric_key is not distinct from metrics.metric_key
  left join reads
    on grouped.organization_id = reads.organization_id
    and grouped.project_id = reads.project_id
    and kinds.inventory_kind = reads.inventory_kind
  left join inventory_types
    on grouped.organization_id = inventory_types.organization_id
    and kinds.inventory_kind = inventory_types.resource_kind
    and grouped.type_key = inventory_types.type_key
  left join inventory_regions
    on grouped.organization_id = inventory_regions.organization_id
    and grouped.region_key = inventory_regions.region_key
),

final as (
  select
    (
      row_number() over (order by organization_id, project_id, region_key, type_key, metric_key, billable_metric)
    )::integer as series_id,
    organization_id,
    project_id,
    region_key,
    type_key,
    metric_key,
    has_regions,
    has_metrics,
    region,
    coalesce(resource_type, type_spelling) as resource_type,
    billable_metric,
    is_exported,
    inventory_kind,
    units,
    metric_from_date,
    metric_before_date,
    (date_trunc('day', first_read_at - interval 1 microsecond) + interval 1 day)::date as inventory_from_date,
    last_read_at::date as inventory_before_date,
    case
      when inventory_kind is null then 'other_metric'
      when first_read_at is null then 'before_inventory'
      when not is_in_inventory or not is_in_known_region then 'not_in_inventory'
      when units is null then 'unknown_gpus'
      when metric_from_date is null then 'several_metrics'
    end as why_not_inventory
  from placed
)

select
  series_id,
  organization_id,
  project_id,
  region_key,
  type_key,
  metric_key,
  has_regions,
  has_metrics,
  region,
  resource_type,
  billable_metric,
  is_exported,
  inventory_kind,
  units,
  metric_from_date,
  metric_before_date,
  inventory_from_date,
  inventory_before_date,
  why_not_inventory
from final
