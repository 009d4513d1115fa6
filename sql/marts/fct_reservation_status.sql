/*
description: Each reservation as it stands today, with its use over the last 7, 28 and 90 days, and what it has cost and will. Empty where the account has none or may not see them.
grain: [reservation_id]
columns:
  organization_id: The organisation.
  reservation_id: The reservation.
  product_line: What is reserved, as the API says, or said last.
  gpu_type: The type of the reserved GPUs.
  status: running, upcoming before its first day, ended after its last, or gone where it is no longer listed though its contract goes on.
  reserved_gpus: How many GPUs it holds, or held last.
  contract_first_date: The first day of its contract, or that of delivery if it is later; null where the API says neither.
  contract_end_date: The last day of its contract; null where it has no end.
  days_left: Days of its contract from today on, today included; 0 once it is over or gone, null where it has no end.
  read_days_7d: Days of its contract among the last 7 before today whose usage was read whole.
  utilisation_7d: Share of the GPU-hours reserved on these days that was used, by what each day's reservation could hold.
  read_days_28d: The same days among the last 28.
  utilisation_28d: The share on them.
  read_days_90d: The same days among the last 90.
  utilisation_90d: The share on them.
  unit_price: The price of one reserved GPU-hour today, rounded to 10 places, or on its last day where it is over; null where none is in force.
  is_contract_price: Whether the line that sets the price names this reservation; otherwise it is the price of any such usage.
  on_demand_unit_price: The list price of one GPU-hour of the same usage on that day; null where there is none in the same currency.
  break_even_utilisation: The share of use above which the reservation is cheaper than the list price; null without the reservation's own price.
  effective_rate_90d: Committed cost of the read days among the last 90 over the reserved GPU-hours that were used on them.
  unused_cost_90d: What of that committed cost fell on GPU-hours that nobody drew.
  savings_90d: What the reserved GPU-hours used on them would have cost at the list price, less that committed cost.
  committed_cost_to_date: What its contract has cost up to yesterday; null unless every day is priced, in one currency.
  committed_cost_to_come: What it will cost from today to its end at its size of now, 0 once it is over or gone; null unless it has an end and every day to come is priced, in that currency.
  currency: The currency of the amounts; where unpriced, the one that prices are in by default.
  price_source: What the prices are called, and the line that set the price; null where unpriced.
  message: What is missing, in words; null where nothing is.
tests:
  - not_null: [reservation_id, status, currency]
  - accepted_values: {column: status, values: [running, upcoming, ended, gone]}
  - range: {column: days_left, min: 0}
  - range: {column: utilisation_90d, min: 0, max: 1}
*/
with latest as (
  select
    *,
    greatest(contract_start_date, date_delivered) as contract_first_date
  from dim_reservation
  qualify row_number() over (
    partition by reservation_id
    order by valid_from desc, organization_id
  ) = 1
),

dated as (
  select
    latest.*,
    build.today,
    build.currency as default_currency,
    build.price_label,
    case
      when latest.contract_end_date < build.today then 'ended'
      when not latest.is_current then 'gone'
      when latest.contract_first_date > build.today then 'upcoming'
      else 'running'
    end as status
  from latest
  cross join meta.build as build
),

standing as (
  select
    *,
    case
      when status in ('ended', 'gone') then 0
      else (contract_end_date - greatest(contract_first_date, today) + 1)::integer
    end as days_left,
    -- The day whose price is told: today, or the last one of what is over.
    case
      when status = 'ended' then contract_end_date
      when status = 'gone' then valid_to::date
      else today
    end as price_date
  from dated
),

-- The days to come by the stretches of one price that they lie in.
to_come as (
  select
    standing.reservation_id,
    sum(
      least(standing.contract_end_date + 1, prices.ends_before)
      - greatest(standing.contract_first_date, standing.today, prices.starts_on)
    ) as priced_day_count,
    count(distinct prices.currency) as currency_count,
    min(prices.currency) as currency,
    sum(
      (
        (
          least(standing.contract_end_date + 1, prices.ends_before)
          - greatest(standing.contract_first_date, standing.today, prices.starts_on)
        )::hugeint * standing.reserved_gpus * 24 * 200 * (prices.unit_price * 100000000::decimal(9, 0))::hugeint
        + prices.gpus_per_unit
      ) // (prices.gpus_per_unit * 2)
    )::hugeint as committed_cost
  from standing
  inner join int_reservation_prices as prices
    on standing.reservation_id = prices.reservation_id
    and prices.starts_on <= standing.contract_end_date
    and prices.ends_before > greatest(standing.contract_first_date, standing.today)
  where standing.days_left > 0
    -- Nodes without GPUs have no GPU-hours to be priced.
    and (standing.reserved_gpus > 0 or standing.quantity = 0)
  group by standing.reservation_id
),

priced as (
  select
    standing.*,
    windows.* exclude (reservation_id, gpu_type, currency),
    coalesce(standing.gpu_type, windows.gpu_type) as known_gpu_type,
    coalesce(prices.currency, windows.currency, standing.default_currency) as told_currency,
    prices.unit_price,
    prices.list_unit_price,
    prices.gpus_per_unit,
    prices.is_contract_price,
    prices.source_line,
    windows.currency_count = 1
    and windows.priced_day_count = windows.day_count
    and windows.currency = coalesce(prices.currency, windows.currency) as is_past_told,
    windows.currency_count_90d = 1
    and windows.priced_days_90d = windows.read_days_90d
    and windows.currency_90d = coalesce(prices.currency, windows.currency_90d) as is_window_told,
    to_come.priced_day_count = standing.days_left
    and to_come.currency_count = 1
    and to_come.currency = coalesce(prices.currency, to_come.currency) as is_future_told,
    to_come.committed_cost as cost_to_come
  from standing
  left join int_reservation_windows as windows
    on standing.reservation_id = windows.reservation_id
  left join to_come
    on standing.reservation_id = to_come.reservation_id
  left join int_reservation_prices as prices
    on standing.reservation_id = prices.reservation_id
    and standing.price_date >= prices.starts_on
    and standing.price_date < prices.ends_before
),

final as (
  select
    organization_id,
    reservation_id,
    product_line,
    known_gpu_type as gpu_type,
    status,
    reserved_gpus,
    contract_first_date,
    contract_end_date,
    days_left,
    coalesce(read_days_7d, 0) as read_days_7d,
    drawn_7d / nullif(reserved_7d, 0) as utilisation_7d,
    coalesce(read_days_28d, 0) as read_days_28d,
    drawn_28d / nullif(reserved_28d, 0) as utilisation_28d,
    coalesce(read_days_90d, 0) as read_days_90d,
    drawn_90d / nullif(reserved_90d, 0) as utilisation_90d,
    (
      (((unit_price * 100000000::decimal(9, 0))::hugeint * 200 + gpus_per_unit) // (gpus_per_unit * 2))::decimal(28, 0)
      * 0.0000000001::decimal(10, 10)
    )::decimal(38, 10) as unit_price,
    is_contract_price,
    (
      (((list_unit_price * 100000000::decimal(9, 0))::hugeint * 200 + gpus_per_unit) // (gpus_per_unit * 2))::decimal(28, 0)
      * 0.0000000001::decimal(10, 10)
    )::decimal(38, 10) as on_demand_unit_price,
    case when is_contract_price then unit_price / nullif(list_unit_price, 0) end as break_even_utilisation,
    case
      when is_window_told
        then (
          (
            (committed_cost_90d * 10000000000::decimal(11, 0))::hugeint * 2000000000000::hugeint
            + (drawn_90d * 1000000000000::decimal(13, 0))::hugeint
          ) // nullif((drawn_90d * 1000000000000::decimal(13, 0))::hugeint * 2, 0)
        )::decimal(28, 0) * 0.0000000001::decimal(10, 10)
    end::decimal(38, 10) as effective_rate_90d,
    case when is_window_told then unused_cost_90d end::decimal(38, 10) as unused_cost_90d,
    case
      when is_window_told and days_with_savings_90d = read_days_90d then savings_90d
    end::decimal(38, 10) as savings_90d,
    case when is_past_told then committed_cost end::decimal(38, 10) as committed_cost_to_date,
    case
      when status in ('ended', 'gone') then 0
      when is_future_told then cost_to_come::decimal(28, 0) * 0.0000000001::decimal(10, 10)
    end::decimal(38, 10) as committed_cost_to_come,
    told_currency as currency,
    case when source_line is not null then price_label || ':' || source_line end as price_source,
    nullif(
      concat_ws(
        ' ',
        case
          when reserved_gpus is null then 'Nothing says how many GPUs ' || product_line || ' has.'
        end,
        case
          when source_line is null
            then 'No price is in force: add a line to prices.csv with reservation_id ' || reservation_id || '.'
          when not is_contract_price
            then 'No line of prices.csv names it, so its price is that of any such usage: add one with reservation_id '
              || reservation_id || '.'
        end,
        case
          when is_contract_price and list_unit_price is null
            then 'No list price in the same currency is in force, so nothing tells what it saves.'
        end,
        case
          when priced_day_count > 0 and not is_past_told
            then 'Its past days are not all priced in one currency.'
        end
      ),
      ''
    ) as message
  from priced
)

select
  organization_id,
  reservation_id,
  product_line,
  gpu_type,
  status,
  reserved_gpus,
  contract_first_date,
  contract_end_date,
  days_left,
  read_days_7d,
  utilisation_7d,
  read_days_28d,
  utilisation_28d,
  read_days_90d,
  utilisation_90d,
  unit_price,
  is_contract_price,
  on_demand_unit_price,
  break_even_utilisation,
  effective_rate_90d,
  unused_cost_90d,
  savings_90d,
  committed_cost_to_date,
  committed_cost_to_come,
  currency,
  price_source,
  message
from final
