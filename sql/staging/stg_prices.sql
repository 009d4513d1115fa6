/*
description: Prices of prices.csv in the spelling of usage, with how specific each is; of two that match, the more specific holds.
grain: [source_line]
columns:
  source_line: The line of prices.csv.
  resource_type: The type in lower case; null for any.
  billable_metric: The metric in its one spelling; null for any.
  project_id: The project; null for any.
  region: The region in lower case; null for any.
  reservation_id: The reservation; null for any.
  pricing_category: on_demand, spot or committed; null for any.
  unit_price: Price of one unit of the metric.
  currency: Its currency, as ISO 4217.
  effective_from: The first day on which it holds; null for since ever.
  effective_to: The last day on which it holds; null for no end.
  specificity: reservation 32, pricing category 16, project 8, resource type 4, region 2 and metric 1, added up.
  is_list: Whether it is a list price, on demand and for neither one project nor one reservation.
*/
with final as (
  select
    prices.source_line,
    lower(prices.resource_type) as resource_type,
    metrics.billable_metric,
    prices.project_id,
    lower(prices.region) as region,
    prices.reservation_id,
    prices.pricing_category,
    prices.unit_price,
    coalesce(prices.currency, build.currency) as currency,
    prices.effective_from,
    prices.effective_to,
    (
      32 * (prices.reservation_id is not null)::integer
      + 16 * (prices.pricing_category is not null)::integer
      + 8 * (prices.project_id is not null)::integer
      + 4 * (prices.resource_type is not null)::integer
      + 2 * (prices.region is not null)::integer
      + (prices.billable_metric is not null)::integer
    ) as specificity,
    prices.reservation_id is null
    and prices.project_id is null
    and coalesce(prices.pricing_category, 'on_demand') = 'on_demand' as is_list
  from workspace.prices as prices
  cross join meta.build as build
  left join staging.stg_billable_metrics as metrics
    on prices.billable_metric = metrics.spelling
)

select
  source_line,
  resource_type,
  billable_metric,
  project_id,
  region,
  reservation_id,
  pricing_category,
  unit_price,
  currency,
  effective_from,
  effective_to,
  specificity,
  is_list
from final
