/*
description: What the month cost by project, cost centre and currency, where it is priced, with the month before.
grain: [project_id, cost_centre, currency]
columns:
  project_id: The project.
  project_name: Its name; its id where it has none.
  cost_centre: Its cost centre on the day of the usage; null where none was in force.
  currency: The currency of the costs in the row.
  cost: What the month cost; null where nothing of that project has a price.
  previous_cost: What the days before that it is compared with cost; null likewise.
  change_cost: Cost less previous cost; null where one of them is.
  gpu_hours: The GPU-hours of the month.
  unpriced_gpu_hours: Those of them that no price applies to.
  organization_id: Its organisation.
*/
-- Parameters: $period_start, $period_end, $previous_start, $previous_end (ends exclusive).

with charges as (
  select
    usage_date >= cast($period_start as date) as is_current,
    project_id,
    project_name,
    organization_id,
    cost_centre,
    coalesce(currency, (select currency from meta_build)) as currency,
    gpu_hours,
    cost
  from fct_cost_daily
  where (usage_date >= cast($period_start as date) and usage_date < cast($period_end as date))
    or (usage_date >= cast($previous_start as date) and usage_date < cast($previous_end as date))
),

final as (
  select
    project_id,
    coalesce(max(project_name), project_id) as project_name,
    max(organization_id) as organization_id,
    cost_centre,
    currency,
    sum(cost) filter (where is_current)::decimal(38, 10) as cost,
    sum(cost) filter (where not is_current)::decimal(38, 10) as previous_cost,
    coalesce(sum(gpu_hours) filter (where is_current), 0)::decimal(38, 12) as gpu_hours,
    coalesce(sum(gpu_hours) filter (where is_current and cost is null), 0)::decimal(38, 12) as unpriced_gpu_hours
  from charges
  group by
    project_id,
    cost_centre,
    currency
)

select
  project_id,
  project_name,
  cost_centre,
  currency,
  cost,
  previous_cost,
  (cost - previous_cost)::decimal(38, 10) as change_cost,
  gpu_hours,
  unpriced_gpu_hours,
  organization_id
from final
where cost is not null
  or previous_cost is not null
  or gpu_hours <> 0
order by
  currency = (select currency from meta_build) desc,
  currency,
  cost desc nulls last,
  previous_cost desc nulls last,
  gpu_hours desc,
  project_id,
  cost_centre
