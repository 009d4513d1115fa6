/*
description: Reservations of which less than a share was used over a window of days. Silent where the account offers none.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: reservation.
  resource_id: The reservation.
  resource_name: Its product line.
  organization_id: The organisation.
  project_id: Null, since it is the organisation's.
  location: Where it holds, if that is one place.
  idle_since: The first day of the first window in a row that was below the share, UTC.
  reportable_from: The end of that window, UTC.
  observed_from: When the reservation was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: What the unused share costs in a month of 730 hours; null if unpriced.
  currency: The currency of that.
*/
with settings as (
  select
    build.now,
    build.today,
    rules.window_days,
    rules.threshold as min_utilization
  from meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'underused_reservation'
),

-- One window for each day that it may end with; it counts the days of contract that were read.
windows as (
  select
    days.reservation_id,
    days.usage_date as last_date,
    min(days.usage_date) over in_window as first_date,
    min(days.usage_date) over (partition by days.reservation_id) as known_from_date,
    count(*) over in_window as day_count,
    sum(days.reserved_gpu_hours) over in_window as reserved_gpu_hours,
    sum(days.used_gpu_hours) over in_window as used_gpu_hours
  from int_reservation_daily as days
  cross join settings
  where days.is_read_whole
  window in_window as (
    partition by days.reservation_id
    order by days.usage_date
    range between to_days(settings.window_days - 1) preceding and current row
  )
),

judged as (
  select
    windows.*,
    -- A contract younger than the window has not shown yet how it is used.
    windows.known_from_date <= windows.last_date - (settings.window_days - 1)
    and windows.reserved_gpu_hours > 0
    and windows.used_gpu_hours < windows.reserved_gpu_hours * settings.min_utilization as is_below
  from windows
  cross join settings
),

last_enough as (
  select
    reservation_id,
    max(last_date) as last_date
  from judged
  where not is_below
  group by reservation_id
),

first_below as (
  select
    judged.reservation_id,
    arg_min({'first_date': judged.first_date, 'last_date': judged.last_date}, judged.last_date) as opening
  from judged
  left join last_enough
    on judged.reservation_id = last_enough.reservation_id
  where judged.is_below
    and judged.last_date > coalesce(last_enough.last_date, date '0001-01-01')
  group by judged.reservation_id
),

-- The window that ends with the last day read; one that lies behind the whole window asked for is too old to tell.
latest as (
  select
    judged.*
  from judged
  cross join settings
  where judged.is_below
    and judged.last_date >= settings.today - settings.window_days
  qualify row_number() over (partition by judged.reservation_id order by judged.last_date desc) = 1
),

standing as (
  select
    reservations.*
  from dim_reservation as reservations
  cross join settings
  where reservations.is_current
    and coalesce(reservations.contract_start_date, settings.today) <= settings.today
    and coalesce(reservations.contract_end_date, settings.today) >= settings.today
),

first_seen as (
  select
    reservation_id,
    min(valid_from) as first_seen_at
  from stg_reservations
  group by reservation_id
),

priced as (
  select
    standing.organization_id,
    standing.reservation_id,
    standing.product_line,
    standing.locations,
    latest.first_date,
    latest.last_date,
    latest.day_count,
    latest.reserved_gpu_hours,
    latest.used_gpu_hours,
    first_below.opening,
    first_seen.first_seen_at,
    prices.unit_price,
    prices.currency,
    -- What is unused in a month of 730 hours, in whole 10^-10, rounded half up: a division would go through DOUBLE.
    (
      (
        (
          ((latest.reserved_gpu_hours - latest.used_gpu_hours) * 1000000000000::decimal(13, 0))::hugeint
          * (prices.unit_price * 100000000::decimal(9, 0))::hugeint * 730 * 2
          + latest.day_count * 24 * prices.units_divisor * 10000000000::hugeint
        ) // (latest.day_count * 24 * prices.units_divisor * 20000000000::hugeint)
      )::decimal(28, 0) * 0.0000000001::decimal(10, 10)
    )::decimal(38, 10) as monthly_cost
  from standing
  inner join latest
    on standing.reservation_id = latest.reservation_id
  inner join first_below
    on standing.reservation_id = first_below.reservation_id
  inner join first_seen
    on standing.reservation_id = first_seen.reservation_id
  left join int_resource_prices as prices
    on prices.resource_kind = 'reservation'
    and standing.reservation_id = prices.resource_id
),

final as (
  select
    'underused_reservation' as rule_id,
    'reservation' as resource_kind,
    priced.reservation_id as resource_id,
    priced.product_line as resource_name,
    priced.organization_id,
    null::varchar as project_id,
    case when len(priced.locations) = 1 then priced.locations[1] end as location,
    priced.opening.first_date::timestamp as idle_since,
    (priced.opening.last_date + 1)::timestamp as reportable_from,
    priced.first_seen_at as observed_from,
    'Used ' || round(priced.used_gpu_hours, 2)::decimal(38, 2)
    || ' of ' || round(priced.reserved_gpu_hours, 2)::decimal(38, 2) || ' reserved GPU-hours, '
    || round(priced.used_gpu_hours * 100 / priced.reserved_gpu_hours, 2)::decimal(18, 2) || ' %, on '
    || priced.day_count || case when priced.day_count = 1 then ' day' else ' days' end
    || ' from ' || strftime(priced.first_date, '%Y-%m-%d') || ' to ' || strftime(priced.last_date, '%Y-%m-%d')
    || '; below ' || round(settings.min_utilization * 100, 1)::decimal(18, 1) || ' % since '
    || strftime(priced.opening.first_date, '%Y-%m-%d')
    || case
      when priced.monthly_cost is null then '; no price is in force for it.'
      else '; at today''s price the unused share is ' || round(priced.monthly_cost, 2)::decimal(38, 2) || ' '
        || priced.currency || ' in a month of 730 hours.'
    end as evidence,
    priced.monthly_cost as monthly_waste,
    case when priced.monthly_cost is not null then priced.currency end as currency
  from priced
  cross join settings
)

select
  rule_id,
  resource_kind,
  resource_id,
  resource_name,
  organization_id,
  project_id,
  location,
  idle_since,
  reportable_from,
  observed_from,
  evidence,
  monthly_waste,
  currency
from final
