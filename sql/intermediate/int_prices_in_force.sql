/*
description: The price in force over time of each combination that usage or a resource has, and beside it the price of spot usage and the list price.
grain: [project_key, region_key, resource_type_key, metric_key, reservation_key, starts_on]
columns:
  project_key: The project; empty where there is none.
  region_key: The region in lower case; empty where there is none.
  resource_type_key: The type in lower case; empty where there is none.
  metric_key: The metric in its one spelling; empty where there is none.
  reservation_key: The reservation; empty on demand.
  starts_on: The first day of the stretch.
  ends_before: The day after its last.
  unit_price: The price of one unit by the most specific row that matches, on demand or from the reservation; null where none does.
  currency: Its currency.
  source_line: The line of prices.csv.
  spot_unit_price: The same for spot usage.
  spot_currency: Its currency.
  spot_source_line: The line of prices.csv.
  list_unit_price: The same on demand, by the most specific row for neither one project nor one reservation.
  list_currency: Its currency.
  used_from: The first day on which usage has the combination; null where only a resource has it.
  used_to: The last.
*/
with used_keys as (
  select
    coalesce(project_id, '') as project_key,
    coalesce(lower(region), '') as region_key,
    coalesce(lower(resource_type), '') as resource_type_key,
    coalesce(billable_metric, '') as metric_key,
    coalesce(reservation_id, '') as reservation_key,
    min(first_usage_date) as used_from,
    max(last_usage_date) as used_to
  from int_usage_months
  where not is_exported
  group by all

  union all

  select
    project_key,
    region_key,
    resource_type_key,
    billable_metric,
    reservation_key,
    null,
    null
  from int_resource_price_keys
),

keys as (
  select
    project_key,
    region_key,
    resource_type_key,
    metric_key,
    reservation_key,
    min(used_from) as used_from,
    max(used_to) as used_to
  from used_keys
  group by
    project_key,
    region_key,
    resource_type_key,
    metric_key,
    reservation_key
),

numbered as (
  select
    row_number() over (
      order by project_key, region_key, resource_type_key, metric_key, reservation_key
    ) as key_number,
    project_key,
    region_key,
    resource_type_key,
    metric_key,
    reservation_key,
    used_from,
    used_to,
    case when reservation_key = '' then 'on_demand' else 'committed' end as category_key
  from keys
),

candidates as (
  select
    numbered.key_number,
    prices.specificity,
    prices.is_list,
    coalesce(prices.pricing_category, numbered.category_key) = numbered.category_key as is_own,
    numbered.reservation_key = '' and coalesce(prices.pricing_category, 'spot') = 'spot' as is_spot,
    {'unit_price': prices.unit_price, 'currency': prices.currency, 'source_line': prices.source_line} as price,
    coalesce(prices.effective_from, date '0001-01-01') as starts_on,
    coalesce(prices.effective_to + 1, date '9999-12-31') as ends_before
  from numbered
  inner join stg_prices as prices
    on (prices.project_id is null or prices.project_id = numbered.project_key)
    and (prices.region is null or prices.region = numbered.region_key)
    and (prices.resource_type is null or prices.resource_type = numbered.resource_type_key)
    and (prices.billable_metric is null or prices.billable_metric = numbered.metric_key)
    and (prices.reservation_id is null or prices.reservation_id = numbered.reservation_key)
),

changes as (
  select
    key_number,
    starts_on
  from candidates

  union

  select
    key_number,
    ends_before
  from candidates
),

stretches as (
  select
    key_number,
    starts_on,
    lead(starts_on) over (partition by key_number order by starts_on) as ends_before
  from changes
),

-- Equally specific rows never overlap (the build refuses them), so that there is one best.
best as (
  select
    stretches.key_number,
    stretches.starts_on,
    stretches.ends_before,
    arg_max(candidates.price, candidates.specificity) filter (where candidates.is_own) as price,
    arg_max(candidates.price, candidates.specificity) filter (where candidates.is_spot) as spot_price,
    arg_max(candidates.price, candidates.specificity) filter (where candidates.is_list) as list_price
  from stretches
  inner join candidates
    on stretches.key_number = candidates.key_number
    and candidates.starts_on <= stretches.starts_on
    and candidates.ends_before >= stretches.ends_before
  group by
    stretches.key_number,
    stretches.starts_on,
    stretches.ends_before
),

final as (
  select
    numbered.project_key,
    numbered.region_key,
    numbered.resource_type_key,
    numbered.metric_key,
    numbered.reservation_key,
    best.starts_on,
    best.ends_before,
    best.price.unit_price as unit_price,
    best.price.currency as currency,
    best.price.source_line as source_line,
    best.spot_price.unit_price as spot_unit_price,
    best.spot_price.currency as spot_currency,
    best.spot_price.source_line as spot_source_line,
    best.list_price.unit_price as list_unit_price,
    best.list_price.currency as list_currency,
    numbered.used_from,
    numbered.used_to
  from best
  inner join numbered
    on best.key_number = numbered.key_number
)

select
  project_key,
  region_key,
  resource_type_key,
  metric_key,
  reservation_key,
  starts_on,
  ends_before,
  unit_price,
  currency,
  source_line,
  spot_unit_price,
  spot_currency,
  spot_source_line,
  list_unit_price,
  list_currency,
  used_from,
  used_to
from final
