/*
description: Usage by project, the sum of usage by resource and what the inventory allows for, side by side, and whether they agree. What lies apart is explained elsewhere.
grain: [organization_id, usage_date, project_id, region_key, type_key, billable_metric]
columns:
  organization_id: The organisation.
  usage_date: The UTC day.
  project_id: The project.
  region_key: The region in one spelling; null for all regions where a source names none.
  type_key: The type in one spelling.
  billable_metric: What is counted, in one spelling.
  region: The region as it came; null for several.
  resource_type: The type as it came.
  metric_kind: gpu_hours, instance_hours, storage or other.
  usage_quantity: The usage by project; 0 where the day was read whole and has no row, null where it was not read.
  resource_usage_quantity: The sum of the usage by resource; 0 and null likewise.
  resource_row_count: Rows of the usage by resource.
  resource_tolerance: How far the two may lie apart, for the rounding of each row to two places.
  resource_outcome: agrees or apart, or why they are not compared.
  inventory_kind: vm or disk, where the metric is one that the inventory can tell.
  units: What one instance counts for in the metric, its GPUs or 1.
  least: What the inventory allows for at least, in the metric's unit, as each was seen; null where it is not compared.
  most: What it allows for at most, by the same.
  proven_least: What it allows for at least, where what was seen alike twice may have been otherwise in between.
  proven_most: What it allows for at most, by the same.
  change_count: VMs and disks that were made, removed, started, stopped or resized on the day, or may have been.
  seen_running: VMs that were seen running before, within and after the day.
  inventory_tolerance: How far the usage may lie outside, with a minute for each change within the day.
  inventory_outcome: agrees or apart, or why they are not compared.
*/
with named as (
  -- A source without regions or metrics can only be held against the sum over those of the other.
  select
    organization_id,
    bool_and(has_region) as has_regions,
    bool_and(has_metric) as has_metrics
  from (
    select
      organization_id,
      max(nullif(region, '')) is not null as has_region,
      max(billable_metric) is not null as has_metric
    from int_usage_daily
    group by organization_id

    union all

    select
      organization_id,
      max(nullif(region, '')) is not null,
      max(billable_metric) is not null
    from int_resource_usage_sums
    group by organization_id
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
    case when named.has_metrics then usage.billable_metric end as billable_metric,
    min(usage.usage_date) as first_date,
    max(usage.usage_date) as last_date
  from int_usage_daily as usage
  inner join named
    on usage.organization_id = named.organization_id
  inner join types
    on usage.resource_type = types.spelling
  inner join kinds
    on usage.billable_metric = kinds.billable_metric
  where kinds.inventory_kind is not null
    and usage.quantity > 0
  group by all
),

metric_days as (
  select
    *,
    lag(last_date) over of_type as previous_last_date,
    lead(first_date) over of_type as next_first_date
  from metric_spans
  window of_type as (partition by organization_id, type_key, inventory_kind order by first_date, last_date, billable_metric)
),

single_metrics as (
  select
    organization_id,
    type_key,
    inventory_kind,
    billable_metric,
    case when previous_last_date is null then date '0001-01-01' else first_date end as from_date,
    coalesce(next_first_date, date '9999-12-31') as before_date
  from metric_days
  where (organization_id, type_key, inventory_kind) not in (
    select (organization_id, type_key, inventory_kind)
    from metric_days
    where previous_last_date >= first_date
  )
),

usage_regions as (
  select distinct
    usage.organization_id,
    regions.match_key as region_key
  from int_usage_daily as usage
  inner join regions
    on usage.region = regions.spelling
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

sources as (
  select
    usage.organization_id,
    usage.usage_date,
    usage.project_id,
    case when named.has_regions then regions.match_key end as region_key,
    types.match_key as type_key,
    case when named.has_metrics then usage.billable_metric end as metric_key,
    usage.billable_metric,
    usage.region,
    usage.resource_type,
    usage.quantity as usage_quantity,
    null::decimal(38, 12) as resource_usage_quantity,
    1 as usage_row_count,
    0 as resource_row_count,
    0::decimal(38, 12) as least,
    0::decimal(38, 12) as most,
    0::decimal(38, 12) as proven_least,
    0::decimal(38, 12) as proven_most,
    0 as change_count,
    0 as seen_running,
    0 as seen_stopped
  from int_usage_daily as usage
  inner join named
    on usage.organization_id = named.organization_id
  left join regions
    on usage.region = regions.spelling
  left join types
    on usage.resource_type = types.spelling

  union all

  select
    sums.organization_id,
    sums.usage_date,
    sums.project_id,
    case when named.has_regions then regions.match_key end,
    types.match_key,
    case when named.has_metrics then sums.billable_metric end,
    sums.billable_metric,
    sums.region,
    sums.resource_type,
    null,
    sums.quantity,
    0,
    sums.row_count,
    0,
    0,
    0,
    0,
    0,
    0,
    0
  from int_resource_usage_sums as sums
  inner join named
    on sums.organization_id = named.organization_id
  left join regions
    on sums.region = regions.spelling
  left join types
    on sums.resource_type = types.spelling

  union all

  -- Whole days between two reads of the inventory, of types and regions that usage has, too.
  select
    daily.organization_id,
    daily.usage_date,
    daily.project_id,
    case when named.has_regions then daily.region end,
    daily.resource_type,
    metrics.billable_metric,
    metrics.billable_metric,
    null,
    null,
    null,
    null,
    0,
    0,
    daily.least,
    daily.most,
    daily.proven_least,
    daily.proven_most,
    daily.change_count,
    daily.seen_running,
    daily.seen_stopped
  from int_inventory_daily as daily
  inner join named
    on daily.organization_id = named.organization_id
  inner join reads
    on daily.organization_id = reads.organization_id
    and daily.project_id = reads.project_id
    and daily.resource_kind = reads.inventory_kind
    and daily.usage_date >= reads.first_read_at
    and daily.usage_date + interval 1 day <= reads.last_read_at
  inner join single_metrics as metrics
    on daily.organization_id = metrics.organization_id
    and daily.resource_type = metrics.type_key
    and daily.resource_kind = metrics.inventory_kind
    and daily.usage_date >= metrics.from_date
    and daily.usage_date < metrics.before_date
  left join usage_regions
    on daily.organization_id = usage_regions.organization_id
    and daily.region = usage_regions.region_key
  where not named.has_regions
    or usage_regions.region_key is not null
),

summed as (
  select
    organization_id,
    usage_date,
    project_id,
    region_key,
    type_key,
    metric_key,
    min(billable_metric) as billable_metric,
    min(region) as first_region,
    max(region) as last_region,
    min(resource_type) as resource_type,
    sum(usage_quantity)::decimal(38, 12) as usage_quantity,
    sum(resource_usage_quantity)::decimal(38, 12) as resource_usage_quantity,
    sum(usage_row_count)::bigint as usage_row_count,
    sum(resource_row_count)::bigint as resource_row_count,
    sum(least)::decimal(38, 12) as least,
    sum(most)::decimal(38, 12) as most,
    sum(proven_least)::decimal(38, 12) as proven_least,
    sum(proven_most)::decimal(38, 12) as proven_most,
    sum(change_count)::bigint as change_count,
    sum(seen_running)::bigint as seen_running,
    sum(seen_stopped)::bigint as seen_stopped
  from sources
  group by
    organization_id,
    usage_date,
    project_id,
    region_key,
    type_key,
    metric_key
),

coverage as (
  select
    project_id,
    usage_date,
    bool_or(stream = 'usage' and status = 'complete') as is_usage_whole,
    bool_or(stream = 'resource_usage' and status = 'complete') as is_resource_usage_whole,
    bool_or(stream = 'resource_usage' and status = 'not_offered') as is_not_offered
  from fct_usage_coverage
  group by
    project_id,
    usage_date
),

exported as (
  select distinct
    sums.organization_id,
    types.match_key as type_key,
    case when named.has_metrics then sums.billable_metric end as metric_key
  from int_resource_usage_sums as sums
  inner join named
    on sums.organization_id = named.organization_id
  inner join types
    on sums.resource_type = types.spelling
),

inventory_types as (
  select distinct
    spans.organization_id,
    spans.resource_kind,
    spans.resource_type as type_key,
    metrics.type_key is not null as is_in_one_metric
  from int_inventory_spans as spans
  left join single_metrics as metrics
    on spans.organization_id = metrics.organization_id
    and spans.resource_kind = metrics.inventory_kind
    and spans.resource_type = metrics.type_key
),

inventory_regions as (
  select distinct
    organization_id,
    region as region_key
  from int_inventory_spans
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
    summed.*,
    coalesce(kinds.metric_kind, 'other') as metric_kind,
    kinds.inventory_kind,
    coalesce(coverage.is_usage_whole, false) as is_usage_whole,
    coalesce(coverage.is_resource_usage_whole, false) as is_resource_usage_whole,
    coalesce(coverage.is_not_offered, false) as is_not_offered,
    exported.organization_id is not null as is_exported,
    reads.first_read_at,
    reads.last_read_at,
    inventory_types.is_in_one_metric,
    inventory_regions.organization_id is not null or summed.region_key is null as is_in_known_region,
    case when kinds.metric_kind = 'gpu_hours' then gpus.num_gpu else 1 end as units
  from summed
  left join kinds
    on summed.billable_metric = kinds.billable_metric
  left join coverage
    on summed.project_id = coverage.project_id
    and summed.usage_date = coverage.usage_date
  left join exported
    on summed.organization_id = exported.organization_id
    and summed.type_key = exported.type_key
    and summed.metric_key is not distinct from exported.metric_key
  left join reads
    on summed.organization_id = reads.organization_id
    and summed.project_id = reads.project_id
    and kinds.inventory_kind = reads.inventory_kind
  left join inventory_types
    on summed.organization_id = inventory_types.organization_id
    and kinds.inventory_kind = inventory_types.resource_kind
    and summed.type_key = inventory_types.type_key
  left join inventory_regions
    on summed.organization_id = inventory_regions.organization_id
    and summed.region_key = inventory_regions.region_key
  left join gpus
    on summed.type_key = gpus.type_key
),

measured as (
  select
    * exclude (usage_quantity, resource_usage_quantity, least, most, proven_least, proven_most),
    coalesce(usage_quantity, case when is_usage_whole then 0 end)::decimal(38, 12) as usage_quantity,
    coalesce(resource_usage_quantity, case when is_resource_usage_whole and is_exported then 0 end)::decimal(38, 12)
      as resource_usage_quantity,
    usage_quantity is not null as has_usage,
    resource_usage_quantity is not null as has_resource_usage,
    (
      (usage_row_count + resource_row_count)::decimal(18, 0) * 0.005::decimal(3, 3)
      + abs(coalesce(usage_quantity, resource_usage_quantity, 0)) * 0.000001::decimal(6, 6)
    )::decimal(38, 12) as resource_tolerance,
    (least * units)::decimal(38, 12) as least,
    (most * units)::decimal(38, 12) as most,
    (proven_least * units)::decimal(38, 12) as proven_least,
    -- Who was seen standing still within the day did not run for the whole of it: a minute at least is off.
    greatest(
      proven_most * units - (seen_stopped * units)::decimal(18, 0) * 0.016666666667::decimal(12, 12),
      0
    )::decimal(38, 12) as proven_most,
    (
      0.005::decimal(3, 3)
      + abs(coalesce(usage_quantity, 0)) * 0.000001::decimal(6, 6)
      + (case when inventory_kind = 'vm' then change_count * units else 0 end)::decimal(18, 0)
        * 0.016666666667::decimal(12, 12)
    )::decimal(38, 12) as inventory_tolerance,
    case
      when inventory_kind is null then 'other_metric'
      when not is_usage_whole then 'not_whole'
      when first_read_at is null or first_read_at > usage_date then 'before_inventory'
      when last_read_at < usage_date + interval 1 day then 'after_inventory'
      when is_in_one_metric is null or not is_in_known_region then 'not_in_inventory'
      when not is_in_one_metric then 'several_metrics'
      when units is null then 'unknown_gpus'
    end as why_not_inventory
  from placed
),

judged as (
  select
    *,
    case
      when not has_usage and not has_resource_usage then 'no_usage'
      when is_not_offered and not has_resource_usage then 'not_offered'
      when not is_resource_usage_whole and not has_resource_usage then 'resources_not_read'
      when not is_usage_whole and not has_usage then 'project_not_read'
      when not is_exported then 'never_by_resource'
      when abs(usage_quantity - resource_usage_quantity) <= resource_tolerance then 'agrees'
      else 'apart'
    end as resource_outcome,
    case
      when why_not_inventory is not null then why_not_inventory
      when inventory_kind = 'vm' and usage_quantity <= 0 and seen_running > 0 then 'apart'
      when inventory_kind = 'vm'
        and is_resource_usage_whole
        and is_exported
        and resource_row_count < seen_running
        then 'apart'
      when usage_quantity between least - inventory_tolerance and least(most, proven_most) + inventory_tolerance
        then 'agrees'
      else 'apart'
    end as inventory_outcome
  from measured
),

final as (
  select
    organization_id,
    usage_date,
    project_id,
    region_key,
    type_key,
    billable_metric,
    case when region_key is not null or first_region = last_region then first_region end as region,
    resource_type,
    metric_kind,
    usage_quantity,
    resource_usage_quantity,
    resource_row_count,
    resource_tolerance,
    resource_outcome,
    inventory_kind,
    units,
    case when why_not_inventory is null then least end as least,
    case when why_not_inventory is null then most end as most,
    case when why_not_inventory is null then proven_least end as proven_least,
    case when why_not_inventory is null then proven_most end as proven_most,
    change_count,
    seen_running,
    case when why_not_inventory is null then inventory_tolerance end as inventory_tolerance,
    inventory_outcome
  from judged
  -- What neither usage has and the inventory does not demand has no row.
  where has_usage
    or has_resource_usage
    or (is_usage_whole and (inventory_outcome = 'apart' or least > 0))
)

select
  organization_id,
  usage_date,
  project_id,
  region_key,
  type_key,
  billable_metric,
  region,
  resource_type,
  metric_kind,
  usage_quantity,
  resource_usage_quantity,
  resource_row_count,
  resource_tolerance,
  resource_outcome,
  inventory_kind,
  units,
  least,
  most,
  proven_least,
  proven_most,
  change_count,
  seen_running,
  inventory_tolerance,
  inventory_outcome
from final
