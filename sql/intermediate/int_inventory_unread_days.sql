/*
description: The days of usage since the inventory of a project was last read well, of which it tells nothing yet.
grain: [organization_id, project_id, inventory_kind, usage_date]
columns:
  organization_id: The organisation.
  project_id: The project.
  inventory_kind: vm or disk, whose inventory it is.
  usage_date: The UTC day.
*/
with last_usage as (
  select max(usage_date) as last_date
  from (
    select usage_date
    from int_usage_daily

    union all

    select usage_date
    from int_resource_usage_sums
  ) as usage
),

reads as (
  select distinct
    organization_id,
    project_id,
    inventory_kind,
    inventory_before_date
  from int_usage_series
  where inventory_kind is not null
    and inventory_before_date is not null
),

final as (
  select
    reads.organization_id,
    reads.project_id,
    reads.inventory_kind,
    unnest(generate_series(reads.inventory_before_date, last_usage.last_date, interval 1 day))::date as usage_date
  from reads
  cross join last_usage
)

select
  organization_id,
  project_id,
  inventory_kind,
  usage_date
from final
