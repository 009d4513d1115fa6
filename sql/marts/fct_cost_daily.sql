/*
description: Usage with the price in force on its day. Usage without a price has no cost, and is never counted as 0.
grain: [usage_date, project_id, region, resource_type, billable_metric, reservation_id, pricing_category]
incremental:
  by: usage_date
  follows:
    - int_usage_daily
    - int_spot_usage_daily
    - int_billed_cost_daily
    - {int_usage_prices: [used_from, used_to]}
    - {int_usage_projects: [used_from, used_to]}
columns:
  organization_id: The organisation.
  usage_date: The UTC day.
  project_id: The project.
  project_name: Its latest name; its id where it has none.
  cost_centre: The project's cost centre on that day; null where none is in force.
  owner: The project's owner on that day; null where none is named.
  region: The region as it came.
  resource_type: The type as it came.
  gpu_type: The GPU's type; null where the usage is no GPU time.
  billable_metric: What is counted, in one spelling.
  reservation_id: The reservation that it was drawn from; null on demand.
  pricing_category: committed where it was drawn from a reservation, spot where the usage or the VMs behind it say so, else on_demand.
  quantity: How much, in the metric's unit.
  gpu_hours: The GPU-hours in it; null where the usage is no GPU time.
  unit_price: The price of one unit by the most specific row of prices.csv that is in force; null where none is. Where billing is preferred, cost by quantity, rounded to 8 places.
  cost: Quantity times unit price, rounded once, half up, to 10 places; null where unpriced. Where billing is preferred, what is billed.
  list_unit_price: The price of one unit on demand, for neither one project nor one reservation; null where there is none in the same currency.
  list_cost: The cost at that price; null where there is none.
  currency: The currency of the price; where unpriced, the one that prices are in by default.
  price_source: What the prices are called, and the line that set the price; billing where it is what the API bills; null where unpriced.
  computed_cost: What prices.csv would have come to where billing is preferred to it; null elsewhere.
  computed_currency: Its currency.
  exchange_rate: What one of the currency was in the reporting currency on that day; null where no rate is in force.
  cost_reporting: The cost in the reporting currency, rounded once, half up, to 10 places; null where unpriced or without a rate.
  list_cost_reporting: The list cost likewise.
  reporting_currency: The currency that costs are reported in.
tests:
  - not_null: [usage_date, project_id, project_name, pricing_category, quantity, currency, reporting_currency]
  - accepted_values:
      column: pricing_category
      values: [committed, on_demand, spot]
  - relationship: {column: project_id, model: dim_project, to: project_id}
  - range: {column: unit_price, min: 0}
  - range: {column: cost, min: 0}
    severity: warn
*/
-- Usage that is spot in part becomes two rows, so that each has its own price.
with purchases as (
  select
    usage.* exclude (quantity, gpu_hours),
    case when usage.reservation_id is null then 'on_demand' else 'committed' end as pricing_category,
    case when spot.quantity is null then usage.quantity else usage.quantity - spot.quantity end as quantity,
    case when spot.quantity is null then usage.gpu_hours else usage.gpu_hours - spot.gpu_hours end as gpu_hours
  from int_usage_daily as usage
  left join int_spot_usage_daily as spot
    on usage.usage_date = spot.usage_date
    and coalesce(usage.organization_id, '') = spot.organization_key
    and coalesce(usage.project_id, '') = spot.project_key
    and coalesce(usage.region, '') = spot.region_key
    and coalesce(usage.resource_type, '') = spot.resource_type_key
    and coalesce(usage.billable_metric, '') = spot.metric_key
    and coalesce(usage.reservation_id, '') = spot.reservation_key
  where spot.quantity is null
    or spot.quantity <> usage.quantity

  union all by name

  select
    usage.* exclude (quantity, gpu_hours),
    'spot' as pricing_category,
    spot.quantity,
    spot.gpu_hours
  from int_usage_daily as usage
  inner join int_spot_usage_daily as spot
    on usage.usage_date = spot.usage_date
    and coalesce(usage.organization_id, '') = spot.organization_key
    and coalesce(usage.project_id, '') = spot.project_key
    and coalesce(usage.region, '') = spot.region_key
    and coalesce(usage.resource_type, '') = spot.resource_type_key
    and coalesce(usage.billable_metric, '') = spot.metric_key
    and coalesce(usage.reservation_id, '') = spot.reservation_key
),

priced as (
  select
    usage.organization_id,
    usage.usage_date,
    usage.project_id,
    usage.region,
    usage.resource_type,
    usage.gpu_type,
    usage.billable_metric,
    usage.reservation_id,
    usage.pricing_category,
    usage.quantity,
    usage.gpu_hours,
    case when usage.pricing_category = 'spot' then prices.spot_unit_price else prices.unit_price end as unit_price,
    case when usage.pricing_category = 'spot' then prices.spot_currency else prices.currency end as currency,
    case when usage.pricing_category = 'spot' then prices.spot_source_line else prices.source_line end as source_line,
    prices.list_unit_price,
    prices.list_currency
  from purchases as usage
  left join int_usage_prices as prices
    on coalesce(usage.project_id, '') = prices.project_key
    and coalesce(lower(usage.region), '') = prices.region_key
    and coalesce(lower(usage.resource_type), '') = prices.resource_type_key
    and coalesce(usage.billable_metric, '') = prices.metric_key
    and coalesce(usage.reservation_id, '') = prices.reservation_key
    and usage.usage_date between prices.used_from and prices.used_to
),

-- To round DECIMALs of this width takes a microsecond each, most of the work. A product by way of DOUBLE, and then
-- what that leaves over, which are few enough places for a DOUBLE to hold exactly: together the same, in a fifth.
multiplied as (
  select
    *,
    (quantity::double * unit_price::double)::decimal(38, 10) as near_cost,
    case
      when abs(near_cost) < 1000000000 then round((quantity * unit_price - near_cost)::double * 1e20) / 1e10
    end as places_left
  from priced
),

costed as (
  select
    priced.* exclude (currency, source_line, near_cost, places_left),
    case
      when priced.places_left is null then round(priced.quantity * priced.unit_price, 10)
      when priced.quantity < 0 then priced.near_cost - (floor(0.5 - priced.places_left) / 1e10)::decimal(38, 10)
      else priced.near_cost + (floor(priced.places_left + 0.5) / 1e10)::decimal(38, 10)
    end::decimal(38, 10) as cost,
    coalesce(priced.currency, build.currency) as currency,
    case when priced.source_line is not null then build.price_label || ':' || priced.source_line end as price_source,
    build.currency as reporting_currency,
    build.billing_currency
  from multiplied as priced
  cross join meta.build as build
),

-- What the API bills stands in the place of prices.csv only where that is preferred.
charged as (
  select
    costed.* exclude (unit_price, cost, currency, price_source),
    case
      when billed.cost is null then costed.cost
      when costed.pricing_category = 'spot' then billed.spot_cost
      else billed.cost - billed.spot_cost
    end::decimal(38, 10) as cost,
    case when billed.cost is null then costed.currency else costed.billing_currency end as currency,
    costed.unit_price,
    case when billed.cost is null then costed.price_source else 'billing' end as price_source,
    billed.cost is not null as is_billed,
    case when billed.cost is not null then costed.cost end as computed_cost,
    case when billed.cost is not null and costed.cost is not null then costed.currency end as computed_currency
  from costed
  left join int_billed_cost_daily as billed
    on costed.usage_date = billed.usage_date
    and coalesce(costed.organization_id, '') = billed.organization_key
    and coalesce(costed.project_id, '') = billed.project_key
    and coalesce(costed.region, '') = billed.region_key
    and coalesce(costed.resource_type, '') = billed.resource_type_key
    and coalesce(costed.billable_metric, '') = billed.metric_key
    and coalesce(costed.reservation_id, '') = billed.reservation_key
),

listed as (
  select
    * exclude (unit_price, list_unit_price, list_currency),
    -- By integers, since `/` is DOUBLE: the cost in 10^-10, the quantity in 10^-12, the price in 10^-8.
    case
      when is_billed
        then (
          (
            ((cost * 10000000000::decimal(11, 0))::hugeint * 20000000000::hugeint
              + (quantity * 1000000000000::decimal(13, 0))::hugeint)
            // nullif((quantity * 2000000000000::decimal(13, 0))::hugeint, 0)
          )::decimal(28, 0) * 0.00000001::decimal(8, 8)
        )
      else unit_price
    end::decimal(18, 8) as unit_price,
    case when list_currency is not distinct from currency then list_unit_price end as list_unit_price,
    case
      when list_currency <> currency then null
      when list_unit_price = unit_price and not is_billed then cost
      else round(quantity * list_unit_price, 10)::decimal(38, 10)
    end as list_cost
  from charged
),

final as (
  select
    listed.organization_id,
    listed.usage_date,
    listed.project_id,
    coalesce(projects.project_name, listed.project_id) as project_name,
    centres.cost_centre,
    centres.owner,
    listed.region,
    listed.resource_type,
    listed.gpu_type,
    listed.billable_metric,
    listed.reservation_id,
    listed.pricing_category,
    listed.quantity,
    listed.gpu_hours,
    listed.unit_price,
    listed.cost,
    listed.list_unit_price,
    listed.list_cost,
    listed.currency,
    listed.price_source,
    listed.computed_cost,
    listed.computed_currency,
    rates.exchange_rate,
    case
      when listed.currency = listed.reporting_currency then listed.cost
      else round(listed.cost * rates.exchange_rate, 10)::decimal(38, 10)
    end as cost_reporting,
    case
      when listed.currency = listed.reporting_currency then listed.list_cost
      else round(listed.list_cost * rates.exchange_rate, 10)::decimal(38, 10)
    end as list_cost_reporting,
    listed.reporting_currency
  from listed
  left join int_usage_projects as projects
    on listed.project_id = projects.project_id
  left join int_cost_centres_in_force as centres
    on listed.project_id = centres.project_id
    and listed.usage_date >= centres.starts_on
    and listed.usage_date < centres.ends_before
  left join stg_exchange_rates as rates
    on listed.currency = rates.currency
    and listed.usage_date >= rates.starts_on
    and listed.usage_date < rates.ends_before
)

select
  organization_id,
  usage_date,
  project_id,
  project_name,
  cost_centre,
  owner,
  region,
  resource_type,
  gpu_type,
  billable_metric,
  reservation_id,
  pricing_category,
  quantity,
  gpu_hours,
  unit_price,
  cost,
  list_unit_price,
  list_cost,
  currency,
  price_source,
  computed_cost,
  computed_currency,
  exchange_rate,
  cost_reporting,
  list_cost_reporting,
  reporting_currency
from final
