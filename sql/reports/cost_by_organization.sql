/*
description: What the period cost by organisation and currency, where it is priced, with the period before.
grain: [organization_id, currency]
columns:
  organization_id: The organisation; null where the usage does not say.
  organization_name: Its name; its id where it has none.
  currency: The currency of the costs in the row.
  cost: What the period cost; null where nothing of it has a price.
  previous_cost: What the days before that it is compared with cost; null likewise.
  change_cost: Cost less previous cost; null where one of them is.
  gpu_hours: The GPU-hours of the period.
  previous_gpu_hours: Those of the days before.
  unpriced_gpu_hours: Those of the period that no price applies to.
*/
-- Parameters: $period_start, $period_end, $previous_start, $previous_end (ends exclusive).

with charges as (
  select
    usage_date >= cast($period_start as date) as is_current,
    organization_id,
    coalesce(currency, (select currency from meta_build)) as currency,
    gpu_hours,
    cost
  from fct_cost_daily
  where (usage_date >= cast($period_start as date) and usage_date < cast($period_end as date))
    or (usage_date >= cast($previous_start as date) and usage_date < cast($previous_end as date))
),

summed as (
  select
    organization_id,
    currency,
    sum(cost) filter (where is_current)::decimal(38, 10) as cost,
    sum(cost) filter (where not is_current)::decimal(38, 10) as previous_cost,
    coalesce(sum(gpu_hours) filter (where is_current), 0)::decimal(38, 12) as gpu_hours,
    coalesce(sum(gpu_hours) filter (where not is_current), 0)::decimal(38, 12) as previous_gpu_hours,
    coalesce(sum(gpu_hours) filter (where is_current and cost is null), 0)::decimal(38, 12) as unpriced_gpu_hours
  from charges
  group by
    organization_id,
    currency
),

final as (
  select
    summed.*,
    coalesce(organizations.organization_name, summed.organization_id) as organization_name
  from summed
  left join dim_organization as organizations
    on summed.organization_id = organizations.organization_id
)

select
  organization_id,
  organization_name,
  currency,
  cost,
  previous_cost,
  (cost - previous_cost)::decimal(38, 10) as change_cost,
  gpu_hours,
  previous_gpu_hours,
  unpriced_gpu_hours
from final
order by
  currency = (select currency from meta_build) desc,
  currency,
  cost desc nulls last,
  gpu_hours desc,
  previous_cost desc nulls last,
  organization_id nulls last
