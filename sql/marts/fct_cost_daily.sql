/*
description: Usage with the price in force on its day. Usage without a price has no cost, and is never counted as 0.
grain: [usage_date, project_id, region, resource_type, billable_metric, reservation_id]
columns:
  organization_id: The organisation.
  usage_date: The UTC day.
  project_id: The project.
  project_name: Its latest name; its id where it has none.
  cost_centre: The project's cost centre on that day; null where none is in force.
  region: The region as it came.
  resource_type: The type as it came.
  gpu_type: The GPU's type; null where the usage is no GPU time.
  billable_metric: What is counted, in one spelling.
  reservation_id: The reservation that it was drawn from; null on demand.
  quantity: How much, in the metric's unit.
  gpu_hours: The GPU-hours in it; null where the usage is no GPU time.
  unit_price: The price of one unit by the most specific row of prices.csv that is in force; null where none is.
  cost: Quantity times unit price, rounded once, half up, to 10 places; null where unpriced.
  list_cost: The same at the price for neither one project nor one reservation; null where there is none in the same currency.
  currency: The currency of the price; where unpriced, the one that prices are in by default.
  price_source: What the prices are called, and the line that set the price; null where unpriced.
tests:
  - not_null: [usage_date, project_id, project_name, quantity, currency]
  - relationship: {column: project_id, model: dim_project, to: project_id}
  - range: {column: unit_price, min: 0}
  - range: {column: cost, min: 0}
    severity: warn
*/
with priced as (
  select
    usage.organization_id,
    usage.usage_date,
    usage.project_id,
    usage.region,
    usage.resource_type,
    usage.gpu_type,
    usage.billable_metric,
    usage.reservation_id,
    usage.quantity,
    usage.gpu_hours,
    prices.unit_price,
    prices.currency,
    prices.source_line,
    case when prices.list_currency = prices.currency then prices.list_unit_price end as list_unit_price
  from int_usage_daily as usage
  left join int_prices_in_force as prices
    on coalesce(usage.project_id, '') = prices.project_key
    and coalesce(lower(usage.region), '') = prices.region_key
    and coalesce(lower(usage.resource_type), '') = prices.resource_type_key
    and coalesce(usage.billable_metric, '') = prices.metric_key
    and coalesce(usage.reservation_id, '') = prices.reservation_key
    and usage.usage_date >= prices.starts_on
    and usage.usage_date < prices.ends_before
),

final as (
  select
    priced.organization_id,
    priced.usage_date,
    priced.project_id,
    coalesce(projects.project_name, priced.project_id) as project_name,
    centres.cost_centre,
    priced.region,
    priced.resource_type,
    priced.gpu_type,
    priced.billable_metric,
    priced.reservation_id,
    priced.quantity,
    priced.gpu_hours,
    priced.unit_price,
    round(priced.quantity * priced.unit_price, 10)::decimal(38, 10) as cost,
    round(priced.quantity * priced.list_unit_price, 10)::decimal(38, 10) as list_cost,
    coalesce(priced.currency, build.currency) as currency,
    case when priced.source_line is not null then build.price_label || ':' || priced.source_line end as price_source
  from priced
  cross join meta.build as build
  left join int_projects as projects
    on priced.project_id = projects.project_id
  left join int_cost_centres_in_force as centres
    on priced.project_id = centres.project_id
    and priced.usage_date >= centres.starts_on
    and priced.usage_date < centres.ends_before
)

select
  organization_id,
  usage_date,
  project_id,
  project_name,
  cost_centre,
  region,
  resource_type,
  gpu_type,
  billable_metric,
  reservation_id,
  quantity,
  gpu_hours,
  unit_price,
  cost,
  list_cost,
  currency,
  price_source
from final
