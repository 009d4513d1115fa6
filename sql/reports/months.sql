/*
description: Every month that holds usage, or in which usage was read. A report can be about each of them.
grain: [month]
columns:
  month: The month, as YYYY-MM.
  last_usage_date: Its last UTC day with usage; null where it has none.
  gpu_hours: Its GPU-hours.
  cost: What it cost in the reporting currency; null where nothing has a price in that currency.
  budget: >-
    Its budget in the reporting currency, of the whole organisation or of all cost centres that have one; null where
    there is none.
  has_other_currency: Whether some of it is priced in another currency.
  unpriced_gpu_hours: The GPU-hours that no price applies to.
  missing_project_days: On how many days of how many projects usage could not be read in full.
  is_known: Whether anything of it was read.
*/
-- Parameters: $today, the UTC day on which the report is made.

with usage_months as (
  select
    date_trunc('month', usage_date)::date as month_start,
    max(usage_date) as last_usage_date,
    coalesce(sum(gpu_hours), 0)::decimal(38, 12) as gpu_hours,
    sum(cost) filter (where currency = (select currency from meta_build))::decimal(38, 10) as cost,
    count(*) filter (where currency <> (select currency from meta_build)) > 0 as has_other_currency,
    coalesce(sum(gpu_hours) filter (where cost is null), 0)::decimal(38, 12) as unpriced_gpu_hours
  from fct_cost_daily
  group by date_trunc('month', usage_date)
),

read_months as (
  select
    date_trunc('month', usage_date)::date as month_start,
    count(*) filter (where status in ('complete', 'partial')) as read_project_days,
    count(*) filter (
      where usage_date < cast($today as date)
        and status <> 'complete'
    ) as missing_project_days
  from fct_usage_coverage
  where stream = 'usage'
    and usage_date <= cast($today as date)
  group by date_trunc('month', usage_date)
  having count(*) filter (where status in ('complete', 'partial', 'failed')) > 0
),

-- A budget of the whole holds those of its cost centres.
budgets as (
  select
    month as month_start,
    coalesce(
      sum(budget) filter (where scope = 'all'),
      sum(budget) filter (where scope = 'cost_centre')
    )::decimal(38, 10) as budget
  from fct_budget_status
  where currency = (select currency from meta_build)
  group by month
),

final as (
  select
    strftime(coalesce(usage_months.month_start, read_months.month_start), '%Y-%m') as month,
    usage_months.last_usage_date,
    coalesce(usage_months.gpu_hours, 0)::decimal(38, 12) as gpu_hours,
    usage_months.cost,
    budgets.budget,
    coalesce(usage_months.has_other_currency, false) as has_other_currency,
    coalesce(usage_months.unpriced_gpu_hours, 0)::decimal(38, 12) as unpriced_gpu_hours,
    coalesce(read_months.missing_project_days, 0)::bigint as missing_project_days,
    usage_months.month_start is not null or read_months.read_project_days > 0 as is_known
  from usage_months
  full join read_months
    on read_months.month_start = usage_months.month_start
  left join budgets
    on budgets.month_start = coalesce(usage_months.month_start, read_months.month_start)
)

select
  month,
  last_usage_date,
  gpu_hours,
  cost,
  budget,
  has_other_currency,
  unpriced_gpu_hours,
  missing_project_days,
  is_known
from final
order by month
