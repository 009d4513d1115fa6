/*
description: Every value that a row of usage has had, with the times between which it was what was known.
grain: [usage_date, project_id, region, resource_type, billable_metric, reservation_id, revision]
incremental: {by: usage_date, follows: [stg_usage]}
columns:
  organization_id: The organisation.
  project_id: The project.
  usage_date: The UTC day.
  region: The region as it came.
  resource_type: The type as it came.
  billable_metric: What is counted, in one spelling.
  reservation_id: The reservation that it was drawn from; null on demand.
  revision: 1 for the value that was read first.
  quantity: The value; null where the API no longer gave the row.
  previous_quantity: The value before; null at the first, and after a row was not given.
  known_from: When it was first read so, UTC.
  known_to: When it was first read otherwise; null for what is known now.
tests:
  - not_null: [usage_date, project_id, revision, known_from]
  - relationship: {column: project_id, model: dim_project, to: project_id}
  - range: {column: revision, min: 1}
*/
with metrics_of_several_spellings as (
  select billable_metric
  from stg_billable_metrics
  group by billable_metric
  having count(*) > 1
),

restated as (
  select distinct
    coalesce(organization_id, '') as organization_key,
    coalesce(project_id, '') as project_key,
    usage_date
  from stg_usage
  where known_to is not null
),

usage as (
  select
    usage.*,
    restated.usage_date is not null
    or coalesce(usage.billable_metric in (select billable_metric from metrics_of_several_spellings), false)
      as may_have_history
  from stg_usage as usage
  left join restated
    on coalesce(usage.organization_id, '') = restated.organization_key
    and coalesce(usage.project_id, '') = restated.project_key
    and usage.usage_date = restated.usage_date
),

events as (
  select
    organization_id,
    project_id,
    usage_date,
    region,
    resource_type,
    billable_metric,
    reservation_id,
    known_from as known_at,
    quantity,
    1 as rows_known
  from usage
  where may_have_history

  union all

  select
    organization_id,
    project_id,
    usage_date,
    region,
    resource_type,
    billable_metric,
    reservation_id,
    known_to,
    -quantity,
    -1
  from usage
  where may_have_history
    and known_to is not null
),

-- Two spellings of one metric are one row here, so that values are summed at each time of change.
moments as (
  select
    organization_id,
    project_id,
    usage_date,
    region,
    resource_type,
    billable_metric,
    reservation_id,
    known_at,
    sum(quantity) as quantity_change,
    sum(rows_known) as rows_change
  from events
  group by all
),

known as (
  select
    *,
    sum(quantity_change) over so_far as quantity_known,
    sum(rows_change) over so_far as rows_known,
    row_number() over so_far as moment
  from moments
  window so_far as (
    partition by organization_id, project_id, usage_date, region, resource_type, billable_metric, reservation_id
    order by known_at
    rows between unbounded preceding and current row
  )
),

-- What was known before a moment is what is known since, without what it changed.
valued as (
  select
    organization_id,
    project_id,
    usage_date,
    region,
    resource_type,
    billable_metric,
    reservation_id,
    known_at,
    case when rows_known > 0 then quantity_known::decimal(38, 12) end as quantity,
    case
      when rows_known - rows_change > 0 then (quantity_known - quantity_change)::decimal(38, 12)
    end as previous_quantity,
    moment
  from known
),

-- A change between spellings that leaves the sum as it was is no revision.
changed as (
  select
    *
  from valued
  where moment = 1
    or quantity is distinct from previous_quantity
),

final as (
  select
    organization_id,
    project_id,
    usage_date,
    region,
    resource_type,
    billable_metric,
    reservation_id,
    (row_number() over of_row)::integer as revision,
    quantity,
    previous_quantity,
    known_at as known_from,
    lead(known_at) over of_row as known_to
  from changed
  window of_row as (
    partition by organization_id, project_id, usage_date, region, resource_type, billable_metric, reservation_id
    order by known_at
  )

  union all

  -- Most days were never restated: their rows are what they were from the first, and need no look at others.
  select
    organization_id,
    project_id,
    usage_date,
    region,
    resource_type,
    billable_metric,
    reservation_id,
    1 as revision,
    quantity::decimal(38, 12) as quantity,
    null as previous_quantity,
    known_from,
    null as known_to
  from usage
  where not may_have_history
)

select
  organization_id,
  project_id,
  usage_date,
  region,
  resource_type,
  billable_metric,
  reservation_id,
  revision,
  quantity,
  previous_quantity,
  known_from,
  known_to
from final
