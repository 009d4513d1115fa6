/*
description: >-
  How the usage of the month stands to the usage by resource and to the inventory, as what differs by project, type and
  reason with the largest difference, and what agrees or can't be compared by type.
columns:
  status: unexplained, explained, agrees or not_comparable.
  project_id: The project of what differs; null of what does not.
  project_name: Its name.
  resource_type: The type as it came.
  billable_metric: What is counted.
  row_count: How many figures of a day, a project and a type the row stands for.
  day_count: On how many days they are.
  first_date: The first of those UTC days.
  last_date: The last of them.
  usage_quantity: Their usage by project, in the metric's unit.
  largest_difference: The largest difference among them, with its sign; null of what agrees.
  largest_on: The UTC day of that.
  explanation: Why it differs, or what was found, in the words of that day.
*/
-- Parameters: $period_start, $period_end (exclusive).

with compared as (
  select
    status,
    case when status in ('explained', 'unexplained') then project_id end as project_id,
    resource_type,
    billable_metric,
    -- Figures in the words are those of one day, so that only an explanation without them tells groups apart.
    case when status = 'explained' then regexp_replace(explanation, '[0-9]+', '', 'g') end as reason,
    usage_date,
    usage_quantity,
    explanation,
    case
      when resource_status = status then resource_difference
      when inventory_status = status then inventory_difference
    end as difference
  from fct_usage_reconciliation
  where usage_date >= cast($period_start as date)
    and usage_date < cast($period_end as date)
),

final as (
  select
    compared.status,
    compared.project_id,
    max(dim_project.project_name) as project_name,
    compared.resource_type,
    compared.billable_metric,
    count(*) as row_count,
    count(distinct compared.usage_date) as day_count,
    min(compared.usage_date) as first_date,
    max(compared.usage_date) as last_date,
    sum(compared.usage_quantity)::decimal(38, 12) as usage_quantity,
    max({
      'size': abs(compared.difference),
      'usage_date': compared.usage_date,
      'difference': compared.difference,
      'explanation': compared.explanation
    }) as largest
  from compared
  left join dim_project
    on compared.project_id = dim_project.project_id
  group by
    compared.status,
    compared.project_id,
    compared.resource_type,
    compared.billable_metric,
    compared.reason
)

select
  status,
  project_id,
  project_name,
  resource_type,
  billable_metric,
  row_count,
  day_count,
  first_date,
  last_date,
  usage_quantity,
  case when status in ('explained', 'unexplained') then largest.difference end as largest_difference,
  case when status in ('explained', 'unexplained') then largest.usage_date end as largest_on,
  case when status in ('explained', 'unexplained') then largest.explanation end as explanation
from final
order by
  case status when 'unexplained' then 0 when 'explained' then 1 when 'agrees' then 2 else 3 end,
  largest.size desc nulls last,
  project_id,
  resource_type,
  billable_metric,
  first_date,
  explanation
