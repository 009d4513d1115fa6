/*
description: Usage that no price applies to, with the line to add to prices.csv; only its price is missing in it. One row for each stretch of days that one line would price.
grain: [resource_type, billable_metric, reservation_id, pricing_category, first_usage_date]
columns:
  resource_type: The type; one of its spellings where it came in several.
  billable_metric: What is counted, in one spelling.
  reservation_id: The reservation that it was drawn from; null on demand.
  pricing_category: committed, on_demand or spot.
  gpu_type: The GPU's type; null where the usage is no GPU time.
  first_usage_date: The first day without a price.
  last_usage_date: The last.
  usage_days: On how many days there was such usage.
  project_count: How many projects had it.
  quantity: How much, in the metric's unit.
  gpu_hours: The GPU-hours in it; null where the usage is no GPU time.
  price_line: The line for prices.csv in the order of its header, to be completed with the price; null where the file has no column for what must be named.
tests:
  - not_null: [pricing_category, first_usage_date, last_usage_date, usage_days, quantity]
*/
with headers as (
  select columns as names
  from workspace.csv_headers
  where table_name = 'prices'
),

unpriced as (
  select
    lower(resource_type) as resource_type_key,
    resource_type,
    billable_metric,
    reservation_id,
    pricing_category,
    gpu_type,
    usage_date,
    project_id,
    quantity,
    gpu_hours
  from fct_cost_daily
  where cost is null
    and quantity <> 0
),

-- A line for a type on demand would price what is drawn from reservations too, so that it names them.
keys as (
  select
    unpriced.resource_type_key,
    unpriced.billable_metric,
    unpriced.reservation_id,
    unpriced.pricing_category,
    unpriced.usage_date,
    case
      when unpriced.pricing_category = 'spot' and list_contains(any_value(headers.names), 'pricing_category') then 'spot'
    end as price_category,
    min(unpriced.resource_type) as resource_type,
    min(unpriced.gpu_type) as gpu_type,
    list(distinct unpriced.project_id) as project_ids,
    sum(unpriced.quantity) as quantity,
    sum(unpriced.gpu_hours) as gpu_hours
  from unpriced
  cross join headers
  group by
    unpriced.resource_type_key,
    unpriced.billable_metric,
    unpriced.reservation_id,
    unpriced.pricing_category,
    unpriced.usage_date
),

-- The new line must end before the next one that names the same, or the two would overlap.
bounded as (
  select
    keys.*,
    min(prices.effective_from) as next_from
  from keys
  left join stg_prices as prices
    on keys.resource_type_key = prices.resource_type
    and coalesce(keys.billable_metric, '') = coalesce(prices.billable_metric, '')
    and coalesce(keys.reservation_id, '') = coalesce(prices.reservation_id, '')
    and coalesce(keys.price_category, '') = coalesce(prices.pricing_category, '')
    and keys.usage_date < prices.effective_from
    and prices.project_id is null
    and prices.region is null
  group by all
),

stretches as (
  select
    min(resource_type) as resource_type,
    billable_metric,
    reservation_id,
    pricing_category,
    price_category,
    min(gpu_type) as gpu_type,
    min(usage_date) as first_usage_date,
    max(usage_date) as last_usage_date,
    count(*) as usage_days,
    len(list_distinct(flatten(list(project_ids)))) as project_count,
    sum(quantity)::decimal(38, 12) as quantity,
    sum(gpu_hours)::decimal(38, 12) as gpu_hours,
    next_from
  from bounded
  group by
    resource_type_key,
    billable_metric,
    reservation_id,
    pricing_category,
    price_category,
    next_from
),

lines as (
  select
    stretches.*,
    case
      when list_contains(headers.names, 'resource_type')
        and (stretches.reservation_id is null or list_contains(headers.names, 'reservation_id'))
        then list_transform(
          headers.names,
          lambda name: coalesce(
            case name
              when 'resource_type' then stretches.resource_type
              when 'billable_metric' then stretches.billable_metric
              when 'reservation_id' then stretches.reservation_id
              when 'pricing_category' then stretches.price_category
              when 'currency' then build.currency
              when 'effective_from' then stretches.first_usage_date::varchar
              when 'effective_to' then (stretches.next_from - 1)::varchar
            end,
            ''
          )
        )
    end as cells
  from stretches
  cross join headers
  cross join meta.build as build
),

final as (
  select
    resource_type,
    billable_metric,
    reservation_id,
    pricing_category,
    gpu_type,
    first_usage_date,
    last_usage_date,
    usage_days::integer as usage_days,
    project_count::integer as project_count,
    quantity,
    gpu_hours,
    case
      when resource_type is not null
        then array_to_string(
          list_transform(
            cells,
            lambda cell: case
              when regexp_matches(cell, '[",#\r\n]|^\s|\s$') then '"' || replace(cell, '"', '""') || '"'
              else cell
            end
          ),
          ','
        )
    end as price_line
  from lines
)

select
  resource_type,
  billable_metric,
  reservation_id,
  pricing_category,
  gpu_type,
  first_usage_date,
  last_usage_date,
  usage_days,
  project_count,
  quantity,
  gpu_hours,
  price_line
from final
