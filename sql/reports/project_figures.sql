/*
description: The figures of each project that was used in the period or before it, or holds something idle; a cost has one row for each currency.
grain: [project_id, currency]
columns:
  project_id: The project.
  project_name: Its latest name.
  cost_centre: Its cost centre of today.
  owner: Its owner of today.
  currency: The currency of the amounts.
  gpu_hours: The GPU-hours of the period, whatever their currency.
  previous_gpu_hours: Those of the days before that it is compared with.
  unpriced_gpu_hours: Those of the period that no price applies to.
  cost: What the period cost in that currency; null where nothing of it has a price in it.
  previous_cost: What the days before cost; null likewise.
  idle_findings: How many open findings it has.
  idle_waste_per_month: What these waste in a month, each cost counted once; null where none is priced in that currency.
  missing_days: Days of the period that are over and were not read whole for it.
*/
-- Parameters: $period_start, $period_end, $previous_start, $previous_end (ends exclusive), $today.

with charges as (
  select
    usage_date >= cast($period_start as date) as is_current,
    project_id,
    coalesce(currency, (select currency from meta_build)) as currency,
    quantity,
    gpu_hours,
    cost
  from fct_cost_daily
  where (usage_date >= cast($period_start as date) and usage_date < cast($period_end as date))
    or (usage_date >= cast($previous_start as date) and usage_date < cast($previous_end as date))
),

hours as (
  select
    project_id,
    coalesce(sum(gpu_hours) filter (where is_current), 0)::decimal(38, 12) as gpu_hours,
    coalesce(sum(gpu_hours) filter (where not is_current), 0)::decimal(38, 12) as previous_gpu_hours,
    coalesce(sum(gpu_hours) filter (where is_current and cost is null), 0)::decimal(38, 12) as unpriced_gpu_hours
  from charges
  where quantity <> 0
  group by project_id
),

costs as (
  select
    project_id,
    currency,
    sum(cost) filter (where is_current)::decimal(38, 10) as cost,
    sum(cost) filter (where not is_current)::decimal(38, 10) as previous_cost
  from charges
  where quantity <> 0
  group by
    project_id,
    currency
),

findings as (
  select
    project_id,
    count(*) as idle_findings
  from fct_idle_findings
  where status = 'open'
    and project_id is not null
  group by project_id
),

waste as (
  select
    project_id,
    coalesce(currency, (select currency from meta_build)) as currency,
    sum(counted_monthly_waste)::decimal(38, 10) as idle_waste_per_month
  from fct_idle_findings
  where status = 'open'
    and project_id is not null
  group by
    project_id,
    coalesce(currency, (select currency from meta_build))
),

wanted as (
  select
    project_id,
    currency
  from costs

  union

  select
    project_id,
    currency
  from waste
),

missing as (
  select
    project_id,
    count(*) as missing_days
  from fct_usage_coverage
  where stream = 'usage'
    and status <> 'complete'
    and usage_date >= cast($period_start as date)
    and usage_date < least(cast($period_end as date), cast($today as date))
  group by project_id
),

final as (
  select
    wanted.project_id,
    coalesce(dim_project.project_name, wanted.project_id) as project_name,
    dim_project.cost_centre,
    dim_project.owner,
    wanted.currency,
    coalesce(hours.gpu_hours, 0)::decimal(38, 12) as gpu_hours,
    coalesce(hours.previous_gpu_hours, 0)::decimal(38, 12) as previous_gpu_hours,
    coalesce(hours.unpriced_gpu_hours, 0)::decimal(38, 12) as unpriced_gpu_hours,
    costs.cost,
    costs.previous_cost,
    coalesce(findings.idle_findings, 0)::integer as idle_findings,
    waste.idle_waste_per_month,
    coalesce(missing.missing_days, 0)::integer as missing_days
  from wanted
  left join dim_project
    on dim_project.project_id = wanted.project_id
  left join hours
    on hours.project_id = wanted.project_id
  left join costs
    on costs.project_id = wanted.project_id
    and costs.currency = wanted.currency
  left join findings
    on findings.project_id = wanted.project_id
  left join waste
    on waste.project_id = wanted.project_id
    and waste.currency = wanted.currency
  left join missing
    on missing.project_id = wanted.project_id
)

select
  project_id,
  project_name,
  cost_centre,
  owner,
  currency,
  gpu_hours,
  previous_gpu_hours,
  unpriced_gpu_hours,
  cost,
  previous_cost,
  idle_findings,
  idle_waste_per_month,
  missing_days
from final
order by
  gpu_hours desc,
  project_id,
  currency = (select currency from meta_build) desc,
  currency
