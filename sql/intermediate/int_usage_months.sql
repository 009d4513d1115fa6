/*
description: By month, what usage was of, by project and by resource, so that years of rows need not be read to know it.
incremental: {by: usage_month, each: month, follows: [{int_usage_daily: [usage_date, usage_date]}, {int_resource_usage_sums: [usage_date, usage_date]}]}
grain: [usage_month, is_exported, organization_id, project_id, region, resource_type, billable_metric, reservation_id]
columns:
  usage_month: The first day of the month.
  is_exported: Whether it is of usage by resource, and not by project.
  organization_id: The organisation.
  project_id: The project.
  region: The region as it came.
  resource_type: The type as it came.
  billable_metric: The metric in its one spelling.
  reservation_id: The reservation that it was drawn from; null on demand, and by resource.
  first_usage_date: The first day of the month of which there is usage.
  last_usage_date: The last one.
  first_used_date: The first day on which more than nothing was used; null for none.
  last_used_date: The last one.
  gpu_type: The GPU's type; null where the usage is no GPU time, and by resource.
  first_gpu_date: The first day of which there are GPU-hours, were they 0; null for none, and by resource.
  last_gpu_date: The last day with GPU-hours above 0; null for none, and by resource.
*/
with usage as (
  select
    usage_date,
    false as is_exported,
    organization_id,
    project_id,
    region,
    resource_type,
    billable_metric,
    reservation_id,
    quantity,
    gpu_type,
    gpu_hours
  from int_usage_daily

  union all

  select
    usage_date,
    true,
    organization_id,
    project_id,
    region,
    resource_type,
    billable_metric,
    null,
    quantity,
    null,
    null
  from int_resource_usage_sums
),

final as (
  select
    date_trunc('month', usage_date)::date as usage_month,
    is_exported,
    organization_id,
    project_id,
    region,
    resource_type,
    billable_metric,
    reservation_id,
    min(usage_date) as first_usage_date,
    max(usage_date) as last_usage_date,
    min(usage_date) filter (where quantity > 0) as first_used_date,
    max(usage_date) filter (where quantity > 0) as last_used_date,
    max(gpu_type) as gpu_type,
    min(usage_date) filter (where gpu_hours is not null) as first_gpu_date,
    max(usage_date) filter (where gpu_hours > 0) as last_gpu_date
  from usage
  group by
    date_trunc('month', usage_date)::date,
    is_exported,
    organization_id,
    project_id,
    region,
    resource_type,
    billable_metric,
    reservation_id
)

select
  usage_month,
  is_exported,
  organization_id,
  project_id,
  region,
  resource_type,
  billable_metric,
  reservation_id,
  first_usage_date,
  last_usage_date,
  first_used_date,
  last_used_date,
  gpu_type,
  first_gpu_date,
  last_gpu_date
from final
