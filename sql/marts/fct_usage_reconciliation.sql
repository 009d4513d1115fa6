/*
description: Usage by project against usage by resource and against the hours that the inventory allows for, by day, project, region, type and metric. What differs says why, or is unexplained.
grain: [usage_date, project_id, region, resource_type, billable_metric]
incremental: {by: usage_date, follows: [int_usage_sides, int_resource_differences, int_inventory_differences]}
columns:
  organization_id: The organisation.
  usage_date: The UTC day.
  project_id: The project.
  region: The region as it came; null for several, where usage by resource names none.
  resource_type: The type as it came.
  billable_metric: What is counted, in one spelling.
  usage_quantity: The usage by project, in the metric's unit; null where the day was not read.
  resource_usage_quantity: The sum of the usage by resource; null where it was not read, or never has the type.
  resource_difference: The first less the second.
  resource_tolerance: How far they may lie apart; null where they are not compared.
  resource_status: Whether they agree, by one of agrees, explained, unexplained and not_comparable.
  inventory_kind: vm or disk, whose hours the inventory tells; null where it tells none.
  inventory_quantity: What the inventory comes to; null where it can't be derived, or only lies between two bounds.
  inventory_quantity_least: The least that it allows for; null where it can't be derived.
  inventory_quantity_most: The most that it allows for; null where it can't be derived.
  inventory_difference: By how much the usage lies outside these, below 0 where it is too little; null where it can't be derived.
  inventory_tolerance: How far outside it may lie; null where it can't be derived.
  inventory_status: Whether usage and inventory agree, by one of the same.
  status: unexplained if either comparison is, else explained if either is, else agrees if either does, else not_comparable.
  explanation: In words, why something differs or is not compared; null where all of it agrees.
tests:
  - not_null: [usage_date, project_id, resource_type, resource_status, inventory_status, status]
  - accepted_values:
      column: status
      values: [agrees, explained, unexplained, not_comparable]
  - relationship: {column: project_id, model: dim_project, to: project_id}
*/
with stated as (
  select
    series.organization_id,
    sides.usage_date,
    series.project_id,
    series.region,
    series.resource_type,
    series.billable_metric,
    sides.usage_quantity,
    sides.resource_usage_quantity,
    sides.resource_tolerance,
    case sides.resource_outcome
      when 'agrees' then 'agrees'
      when 'apart' then by_resource.status
      else 'not_comparable'
    end as resource_status,
    case when sides.least is not null then series.inventory_kind end as inventory_kind,
    sides.least,
    sides.most,
    sides.inventory_tolerance,
    case sides.inventory_outcome
      when 'agrees' then 'agrees'
      when 'apart' then by_inventory.status
      else 'not_comparable'
    end as inventory_status,
    case sides.resource_outcome
      when 'apart' then by_resource.explanation
      when 'not_offered' then 'Usage by resource is not offered.'
      when 'resources_not_read' then 'The usage by resource of this day was not read.'
      when 'project_not_read' then 'The usage by project of this day was not read.'
      when 'never_by_resource' then 'Usage by resource never has this type and metric.'
    end as resource_explanation,
    case sides.inventory_outcome
      when 'apart' then by_inventory.explanation
      when 'other_metric' then 'The inventory tells nothing of this metric.'
      when 'not_whole' then 'The usage by project was not read whole, and is not held against the inventory.'
      when 'before_inventory' then 'The inventory of this day is not known, as it was first read later.'
      when 'after_inventory' then 'The inventory was not read since the end of this day.'
      when 'not_in_inventory' then 'The inventory never had this type and region.'
      when 'several_metrics' then 'The type is counted in several metrics at a time, which the inventory can''t tell apart.'
      when 'unknown_gpus' then 'Nothing says how many GPUs the type has.'
    end as inventory_explanation
  from int_usage_sides as sides
  inner join int_usage_series as series
    on sides.series_id = series.series_id
  left join int_resource_differences as by_resource
    on sides.series_id = by_resource.series_id
    and sides.usage_date = by_resource.usage_date
  left join int_inventory_differences as by_inventory
    on sides.series_id = by_inventory.series_id
    and sides.usage_date = by_inventory.usage_date
),

final as (
  select
    organization_id,
    usage_date,
    project_id,
    region,
    resource_type,
    billable_metric,
    usage_quantity,
    resource_usage_quantity,
    (usage_quantity - resource_usage_quantity)::decimal(38, 12) as resource_difference,
    case when resource_usage_quantity is not null then resource_tolerance end as resource_tolerance,
    resource_status,
    inventory_kind,
    case when least = most then least end as inventory_quantity,
    least as inventory_quantity_least,
    most as inventory_quantity_most,
    (
      case
        when usage_quantity < least then usage_quantity - least
        when usage_quantity > most then usage_quantity - most
        when least is not null then 0
      end
    )::decimal(38, 12) as inventory_difference,
    inventory_tolerance,
    inventory_status,
    case
      when resource_status = 'unexplained' or inventory_status = 'unexplained' then 'unexplained'
      when resource_status = 'explained' or inventory_status = 'explained' then 'explained'
      when resource_status = 'agrees' or inventory_status = 'agrees' then 'agrees'
      else 'not_comparable'
    end as status,
    case
      when resource_explanation is not null and inventory_explanation is not null
        then resource_explanation || ' ' || inventory_explanation
      else coalesce(resource_explanation, inventory_explanation)
    end as explanation
  from stated
)

select
  organization_id,
  usage_date,
  project_id,
  region,
  resource_type,
  billable_metric,
  usage_quantity,
  resource_usage_quantity,
  resource_difference,
  resource_tolerance,
  resource_status,
  inventory_kind,
  inventory_quantity,
  inventory_quantity_least,
  inventory_quantity_most,
  inventory_difference,
  inventory_tolerance,
  inventory_status,
  status,
  explanation
from final
