/*
description: What the API bills beside what prices.csv comes to, by day up to yesterday, project and type, for usage on demand and spot; what is drawn from a reservation is not billed by use. Empty where billing is not offered, or tally.toml ignores it.
grain: [usage_date, project_id, region, resource_type, billable_metric]
columns:
  organization_id: The organisation.
  usage_date: The UTC day.
  project_id: The project.
  project_name: Its latest name; its id where it has none.
  region: The region as it came.
  resource_type: The type as it came.
  billable_metric: What is counted, in one spelling.
  usage_quantity: How much usage says; null where it has nothing.
  billed_quantity: How much is billed; null where nothing is.
  computed_cost: What prices.csv comes to; null where any of it is unpriced, or in several currencies.
  computed_currency: Its currency.
  billed_cost: What is billed; null where the API gives no cost.
  billed_currency: The currency in which the API bills, by tally.toml.
  difference: Billed less computed; null unless both are there and in one currency. What only one side has counts as 0 on the other.
  status: same within half a cent; other_quantity or other_price where the costs differ; only_billed, only_used, unpriced or other_currency where they can't be compared as they are.
tests:
  - not_null: [usage_date, billed_currency, status]
  - accepted_values:
      column: status
      values: [same, other_quantity, other_price, only_billed, only_used, unpriced, other_currency]
*/
with billed as (
  select
    costs.organization_id,
    costs.usage_date,
    costs.project_id,
    costs.region,
    costs.resource_type,
    costs.billable_metric,
    sum(costs.quantity)::decimal(38, 12) as quantity,
    case when bool_and(costs.cost is not null) then sum(costs.cost) end::decimal(38, 12) as cost
  from stg_billing_costs as costs
  cross join meta.build as build
  where build.billing <> 'ignore'
    and costs.is_current
    -- Today's usage and bill were read at two moments, and differ for that alone.
    and costs.usage_date < build.today
  group by all
),

-- A day is compared where it was read, or where something is billed on it.
read_days as (
  select
    windows.organization_id,
    unnest(
      generate_series(windows.window_from, least(windows.window_to, build.today - 1), interval 1 day)
    )::date as usage_date
  from stg_read_windows as windows
  cross join meta.build as build
  where windows.stream = 'billing_costs'
    and windows.status = 'complete'
    and windows.window_from <= least(windows.window_to, build.today - 1)
    and build.billing <> 'ignore'

  union

  select
    organization_id,
    usage_date
  from billed
),

used as (
  select
    costs.organization_id,
    costs.usage_date,
    costs.project_id,
    costs.region,
    costs.resource_type,
    costs.billable_metric,
    sum(costs.quantity)::decimal(38, 12) as quantity,
    case
      when bool_and(case when costs.price_source = 'billing' then costs.computed_cost else costs.cost end is not null)
        and count(distinct case when costs.price_source = 'billing' then costs.computed_currency else costs.currency end) = 1
        then sum(case when costs.price_source = 'billing' then costs.computed_cost else costs.cost end)
    end::decimal(38, 10) as cost,
    case
      when bool_and(case when costs.price_source = 'billing' then costs.computed_cost else costs.cost end is not null)
        then min(case when costs.price_source = 'billing' then costs.computed_currency else costs.currency end)
    end as currency
  from fct_cost_daily as costs
  inner join read_days
    on costs.organization_id = read_days.organization_id
    and costs.usage_date = read_days.usage_date
  where costs.pricing_category <> 'committed'
  group by all
),

-- Both sides one below the other: a join of them would not match where a column is null.
both_sides as (
  select
    *,
    true as is_billed
  from billed

  union all by name

  select
    *,
    false as is_billed
  from used
),

paired as (
  select
    organization_id,
    usage_date,
    project_id,
    region,
    resource_type,
    billable_metric,
    max(quantity) filter (where not is_billed) as usage_quantity,
    max(quantity) filter (where is_billed) as billed_quantity,
    max(cost) filter (where not is_billed)::decimal(38, 10) as computed_cost,
    max(currency) as computed_currency,
    round(max(cost) filter (where is_billed), 10)::decimal(38, 10) as billed_cost
  from both_sides
  group by all
),

compared as (
  select
    paired.*,
    build.billing_currency as billed_currency,
    case
      when paired.usage_quantity is null then paired.billed_cost
      when paired.billed_quantity is null and paired.computed_currency = build.billing_currency then -paired.computed_cost
      when paired.computed_currency = build.billing_currency then paired.billed_cost - paired.computed_cost
    end::decimal(38, 10) as difference
  from paired
  cross join meta.build as build
),

final as (
  select
    compared.organization_id,
    compared.usage_date,
    compared.project_id,
    coalesce(projects.project_name, compared.project_id) as project_name,
    compared.region,
    compared.resource_type,
    compared.billable_metric,
    compared.usage_quantity,
    compared.billed_quantity,
    compared.computed_cost,
    compared.computed_currency,
    compared.billed_cost,
    compared.billed_currency,
    compared.difference,
    case
      when compared.usage_quantity is null then 'only_billed'
      when compared.billed_quantity is null then 'only_used'
      when compared.computed_cost is null or compared.billed_cost is null then 'unpriced'
      when compared.computed_currency <> compared.billed_currency then 'other_currency'
      when compared.difference between -0.005 and 0.005 then 'same'
      when compared.usage_quantity - compared.billed_quantity not between -0.000001 and 0.000001 then 'other_quantity'
      else 'other_price'
    end as status
  from compared
  left join int_projects as projects
    on compared.project_id = projects.project_id
  -- What was used in nothing and billed as nothing needs no row.
  where coalesce(compared.usage_quantity, 0) <> 0
    or coalesce(compared.billed_quantity, 0) <> 0
    or coalesce(compared.billed_cost, 0) <> 0
)

select
  organization_id,
  usage_date,
  project_id,
  project_name,
  region,
  resource_type,
  billable_metric,
  usage_quantity,
  billed_quantity,
  computed_cost,
  computed_currency,
  billed_cost,
  billed_currency,
  difference,
  status
from final
