/*
description: Usage by project, the sum of usage by resource and what the inventory allows for, side by side for each day of a series, and whether they agree. What lies apart is explained elsewhere.
grain: [series_id, usage_date]
incremental:
  by: usage_date
  follows:
    - int_usage_daily
    - int_resource_usage_sums
    - int_inventory_daily
    - int_inventory_unread_days
    - fct_usage_coverage
columns:
  series_id: The series, which has its project, region, type and metric.
  usage_date: The UTC day.
  usage_quantity: The usage by project; 0 where the day was read whole and has no row, null where it was not read.
  resource_usage_quantity: The sum of the usage by resource; 0 and null likewise.
  resource_row_count: Rows of the usage by resource.
  resource_tolerance: How far the two may lie apart, for the rounding of each row to two places.
  resource_outcome: agrees or apart, or why they are not compared.
  least: What the inventory allows for at least, in the metric's unit, as each was seen; null where it is not compared.
  most: What it allows for at most, by the same.
  proven_least: What it allows for at least, where what was seen alike twice may have been otherwise in between.
  proven_most: What it allows for at most, by the same.
  change_count: VMs and disks that were made, removed, started, stopped or resized on the day, or may have been.
  seen_running: VMs that were seen running before, within and after the day.
  inventory_tolerance: How far the usage may lie outside, with a minute for each change within the day.
  inventory_outcome: agrees or apart, or why they are not compared.
*/
with usage as (
  select
    names.series_id,
    usage.usage_date,
    sum(usage.quantity)::decimal(38, 12) as quantity,
    count(*)::integer as row_count
  from int_usage_daily as usage
  inner join int_usage_series_names as names
    on usage.organization_id = names.organization_id
    and usage.project_id = names.project_id
    and coalesce(usage.region, '') = names.region
    and usage.resource_type = names.resource_type
    and coalesce(usage.billable_metric, '') = names.billable_metric
  group by
    names.series_id,
    usage.usage_date
),

resource_usage as (
  select
    names.series_id,
    sums.usage_date,
    sum(sums.quantity)::decimal(38, 12) as quantity,
    sum(sums.row_count)::integer as row_count
  from int_resource_usage_sums as sums
  inner join int_usage_series_names as names
    on sums.organization_id = names.organization_id
    and sums.project_id = names.project_id
    and coalesce(sums.region, '') = names.region
    and sums.resource_type = names.resource_type
    and coalesce(sums.billable_metric, '') = names.billable_metric
  group by
    names.series_id,
    sums.usage_date
),

-- Each is summed by itself: one grouping of both would take half as long again.
summed as (
  select
    coalesce(usage.series_id, resource_usage.series_id) as series_id,
    coalesce(usage.usage_date, resource_usage.usage_date) as usage_date,
    usage.quantity as usage_quantity,
    resource_usage.quantity as resource_usage_quantity,
    coalesce(usage.row_count, 0) as usage_row_count,
    coalesce(resource_usage.row_count, 0) as resource_row_count
  from usage
  full join resource_usage
    on usage.series_id = resource_usage.series_id
    and usage.usage_date = resource_usage.usage_date
),

stored as (
  select
    coalesce(summed.series_id, inventory.series_id) as series_id,
    coalesce(summed.usage_date, inventory.usage_date) as usage_date,
    summed.usage_quantity,
    summed.resource_usage_quantity,
    coalesce(summed.usage_row_count, 0) as usage_row_count,
    coalesce(summed.resource_row_count, 0) as resource_row_count,
    coalesce(inventory.least, 0)::decimal(38, 12) as least,
    coalesce(inventory.most, 0)::decimal(38, 12) as most,
    coalesce(inventory.proven_least, 0)::decimal(38, 12) as proven_least,
    coalesce(inventory.proven_most, 0)::decimal(38, 12) as proven_most,
    coalesce(inventory.change_count, 0) as change_count,
    coalesce(inventory.seen_running, 0) as seen_running,
    coalesce(inventory.minutes_of_changes, 0)::decimal(38, 12) as minutes_of_changes
  from summed
  full join int_inventory_daily as inventory
    on summed.series_id = inventory.series_id
    and summed.usage_date = inventory.usage_date
),

coverage as (
  select
    project_id,
    usage_date,
    max(status) filter (where stream = 'usage') as usage_status,
    max(status) filter (where stream = 'resource_usage') as resource_status
  from fct_usage_coverage
  group by
    project_id,
    usage_date
),

placed as (
  select
    stored.*,
    series.inventory_kind,
    series.is_exported,
    coalesce(coverage.usage_status = 'complete', false) as is_usage_whole,
    coalesce(coverage.resource_status = 'complete', false) as is_resource_usage_whole,
    coalesce(coverage.resource_status = 'not_offered', false) as is_not_offered,
    case
      when series.inventory_kind is null then 'other_metric'
      when coverage.usage_status is distinct from 'complete' then 'not_whole'
      when stored.usage_date < series.inventory_from_date then 'before_inventory'
      when unread.usage_date is not null then 'after_inventory'
      else series.why_not_inventory
    end as why_not_inventory
  from stored
  inner join int_usage_series as series
    on stored.series_id = series.series_id
  left join coverage
    on series.project_id = coverage.project_id
    and stored.usage_date = coverage.usage_date
  left join int_inventory_unread_days as unread
    on series.organization_id = unread.organization_id
    and series.project_id = unread.project_id
    and series.inventory_kind = unread.inventory_kind
    and stored.usage_date = unread.usage_date
),

measured as (
  select
    series_id,
    usage_date,
    inventory_kind,
    is_exported,
    is_usage_whole,
    is_resource_usage_whole,
    is_not_offered,
    why_not_inventory,
    resource_row_count,
    usage_quantity is not null as has_usage,
    resource_usage_quantity is not null as has_resource_usage,
    coalesce(usage_quantity, case when is_usage_whole then 0 end)::decimal(38, 12) as usage_quantity,
    coalesce(resource_usage_quantity, case when is_resource_usage_whole and is_exported then 0 end)::decimal(38, 12)
      as resource_usage_quantity,
    ((usage_row_count + resource_row_count)::decimal(15, 0) * 0.005::decimal(3, 3))::decimal(18, 3)
      as resource_tolerance,
    least,
    most,
    proven_least,
    proven_most,
    change_count,
    seen_running,
    (case when inventory_kind = 'vm' then 0.005 + minutes_of_changes else 0.005 end)::decimal(38, 12)
      as inventory_tolerance
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
    series_id,
    usage_date,
    usage_quantity,
    resource_usage_quantity,
    resource_row_count,
    resource_tolerance,
    resource_outcome,
    case when why_not_inventory is null then least end as least,
    case when why_not_inventory is null then most end as most,
    case when why_not_inventory is null then proven_least end as proven_least,
    case when why_not_inventory is null then proven_most end as proven_most,
    change_count,
    seen_running,
    case when why_not_inventory is null then inventory_tolerance end as inventory_tolerance,
    inventory_outcome
  from judged
  -- What no usage has and the inventory does not demand has no row.
  where has_usage
    or has_resource_usage
    or inventory_outcome = 'apart'
    or (why_not_inventory is null and least > 0)
)

select
  series_id,
  usage_date,
  usage_quantity,
  resource_usage_quantity,
  resource_row_count,
  resource_tolerance,
  resource_outcome,
  least,
  most,
  proven_least,
  proven_most,
  change_count,
  seen_running,
  inventory_tolerance,
  inventory_outcome
from final
