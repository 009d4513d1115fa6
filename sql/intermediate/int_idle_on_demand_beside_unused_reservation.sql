/*
description: Reservations with GPU-hours that nobody drew on days on which the same was paid for on demand where they hold. Days that were not read whole are left out.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: reservation.
  resource_id: The reservation.
  resource_name: Its product line.
  organization_id: The organisation.
  project_id: Null, since it is the organisation's.
  location: Where it holds, if that is one place.
  idle_since: The first of the days with both, with no gap as long as the window since, UTC.
  reportable_from: From when there is enough of it to tell, UTC.
  observed_from: When the reservation was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: What was paid on demand for as many GPU-hours as lay unused beside it, in a month of 730 hours; null unless all of them are priced in one currency.
  currency: The currency of that.
*/
with settings as (
  select
    build.today,
    rules.window_days,
    rules.threshold as least_gpus,
    greatest(1, ceil(rules.min_days))::integer as least_days
  from meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'on_demand_beside_unused_reservation'
),

standing as (
  select
    reservations.organization_id,
    reservations.reservation_id,
    reservations.product_line,
    coalesce(lines.product_line, lower(reservations.product_line)) as product_line_key,
    reservations.locations,
    list_transform(
      reservations.locations,
      lambda each: regexp_replace(lower(each), '-[a-z]$', '')
    ) as regions
  from dim_reservation as reservations
  cross join settings
  left join int_product_lines as lines
    on lower(reservations.product_line) = lines.resource_type_key
  where reservations.is_current
    and coalesce(reservations.contract_start_date, settings.today) <= settings.today
    and coalesce(reservations.contract_end_date, settings.today) >= settings.today
),

days as (
  select
    standing.organization_id,
    standing.reservation_id,
    standing.product_line_key,
    standing.regions,
    days.usage_date,
    (days.reserved_gpu_hours - days.used_gpu_hours)::decimal(38, 12) as unused_gpu_hours
  from int_reservation_daily as days
  inner join standing
    on days.organization_id = standing.organization_id
    and days.reservation_id = standing.reservation_id
  where days.is_read_whole
),

-- What it comes to is told of the window alone.
on_demand as (
  select
    usage.organization_id,
    usage.usage_date,
    lines.product_line as product_line_key,
    regexp_replace(lower(usage.region), '-[a-z]$', '') as region_key,
    sum(usage.gpu_hours)::decimal(38, 12) as gpu_hours,
    case
      when count(*) = count(usage.cost) and count(distinct usage.currency) = 1 then sum(usage.cost)
    end::decimal(38, 10) as cost,
    min(usage.currency) as currency
  from fct_cost_daily as usage
  inner join int_product_lines as lines
    on lower(usage.resource_type) = lines.resource_type_key
  where usage.usage_date >= (select today - window_days from settings)
    and usage.pricing_category = 'on_demand'
    and usage.gpu_hours > 0
  group by
    usage.organization_id,
    usage.usage_date,
    lines.product_line,
    regexp_replace(lower(usage.region), '-[a-z]$', '')
),

-- On-demand use counts beside one reservation only: of those that would do, the one with the most left on that day.
beside as (
  select
    days.organization_id,
    days.reservation_id,
    days.usage_date,
    days.unused_gpu_hours,
    on_demand.gpu_hours,
    on_demand.cost,
    on_demand.currency
  from days
  inner join on_demand
    on days.organization_id = on_demand.organization_id
    and days.usage_date = on_demand.usage_date
    and days.product_line_key = on_demand.product_line_key
    and (len(days.regions) = 0 or list_contains(days.regions, on_demand.region_key))
  where days.unused_gpu_hours > 0
  qualify row_number() over (
    partition by
      on_demand.organization_id,
      on_demand.usage_date,
      on_demand.product_line_key,
      on_demand.region_key
    order by days.unused_gpu_hours desc, days.reservation_id
  ) = 1
),

shared_days as (
  select
    organization_id,
    reservation_id,
    usage_date,
    least(max(unused_gpu_hours), sum(gpu_hours))::decimal(38, 12) as overlap_gpu_hours,
    sum(gpu_hours)::decimal(38, 12) as on_demand_gpu_hours,
    case when count(*) = count(cost) and count(distinct currency) = 1 then sum(cost) end::decimal(38, 10) as cost,
    min(currency) as currency
  from beside
  group by
    organization_id,
    reservation_id,
    usage_date
),

-- The cost of the hours that overlap, in whole 10^-10, rounded half up: a division would go through DOUBLE.
costed as (
  select
    *,
    (
      (cost * 10000000000::decimal(11, 0))::hugeint * (overlap_gpu_hours * 1000000000000::decimal(13, 0))::hugeint * 2
      + (on_demand_gpu_hours * 1000000000000::decimal(13, 0))::hugeint
    ) // ((on_demand_gpu_hours * 1000000000000::decimal(13, 0))::hugeint * 2) as overlap_cost_units
  from shared_days
),

windows as (
  select
    days.organization_id,
    days.reservation_id,
    count(*) as day_count,
    min(days.usage_date) as first_date,
    max(days.usage_date) as last_date,
    count(costed.usage_date) as overlap_day_count,
    sum(days.unused_gpu_hours) filter (where days.unused_gpu_hours > 0) as unused_gpu_hours,
    sum(costed.overlap_gpu_hours) as overlap_gpu_hours,
    case
      when count(costed.usage_date) = count(costed.overlap_cost_units) and count(distinct costed.currency) = 1
        then sum(costed.overlap_cost_units)
    end::hugeint as overlap_cost_units,
    min(costed.currency) as currency
  from days
  cross join settings
  left join costed
    on days.organization_id = costed.organization_id
    and days.reservation_id = costed.reservation_id
    and days.usage_date = costed.usage_date
  where days.usage_date >= settings.today - settings.window_days
  group by
    days.organization_id,
    days.reservation_id
),

wasteful as (
  select
    windows.*
  from windows
  cross join settings
  where windows.overlap_day_count >= settings.least_days
    and windows.overlap_gpu_hours >= (settings.least_gpus * 24 * windows.day_count)::decimal(38, 12)
),

-- Since when it has been so is looked for in the years before only where there is something to tell.
wasteful_lines as (
  select distinct
    standing.organization_id,
    standing.product_line_key
  from standing
  inner join wasteful
    on standing.organization_id = wasteful.organization_id
    and standing.reservation_id = wasteful.reservation_id
),

on_demand_days as (
  select distinct
    usage.organization_id,
    usage.usage_date,
    lines.product_line as product_line_key,
    regexp_replace(lower(usage.region), '-[a-z]$', '') as region_key
  from int_on_demand_days as usage
  inner join int_product_lines as lines
    on lower(usage.resource_type) = lines.resource_type_key
  inner join wasteful_lines
    on usage.organization_id = wasteful_lines.organization_id
    and lines.product_line = wasteful_lines.product_line_key
),

chosen as (
  select
    on_demand_days.organization_id,
    on_demand_days.usage_date,
    arg_min(
      days.reservation_id,
      {'unused_gpu_hours': -days.unused_gpu_hours, 'reservation_id': days.reservation_id}
    ) as reservation_id
  from days
  inner join on_demand_days
    on days.organization_id = on_demand_days.organization_id
    and days.usage_date = on_demand_days.usage_date
    and days.product_line_key = on_demand_days.product_line_key
    and (len(days.regions) = 0 or list_contains(days.regions, on_demand_days.region_key))
  where days.unused_gpu_hours > 0
  group by
    on_demand_days.organization_id,
    on_demand_days.usage_date,
    on_demand_days.product_line_key,
    on_demand_days.region_key
),

days_beside as (
  select distinct
    organization_id,
    reservation_id,
    usage_date
  from chosen
),

-- A stretch of such days goes on until a whole window passes without one.
opened as (
  select
    organization_id,
    reservation_id,
    usage_date,
    coalesce(
      usage_date - lag(usage_date) over (partition by organization_id, reservation_id order by usage_date)
      > settings.window_days,
      true
    ) as is_opening
  from days_beside
  cross join settings
),

since as (
  select
    organization_id,
    reservation_id,
    max(usage_date) filter (where is_opening) as first_date
  from opened
  group by
    organization_id,
    reservation_id
),

first_seen as (
  select
    organization_id,
    reservation_id,
    min(valid_from) as first_seen_at
  from stg_reservations
  group by
    organization_id,
    reservation_id
),

found as (
  select
    standing.*,
    wasteful.* exclude (organization_id, reservation_id),
    since.first_date as since_date,
    settings.least_days,
    first_seen.first_seen_at,
    (
      (
        (wasteful.overlap_cost_units * 730 * 2 + wasteful.day_count * 24) // (wasteful.day_count * 24 * 2)
      )::decimal(28, 0) * 0.0000000001::decimal(10, 10)
    )::decimal(38, 10) as monthly_cost
  from wasteful
  cross join settings
  inner join standing
    on wasteful.organization_id = standing.organization_id
    and wasteful.reservation_id = standing.reservation_id
  inner join since
    on wasteful.organization_id = since.organization_id
    and wasteful.reservation_id = since.reservation_id
  inner join first_seen
    on wasteful.organization_id = first_seen.organization_id
    and wasteful.reservation_id = first_seen.reservation_id
),

final as (
  select
    'on_demand_beside_unused_reservation' as rule_id,
    'reservation' as resource_kind,
    reservation_id as resource_id,
    product_line as resource_name,
    organization_id,
    null::varchar as project_id,
    case when len(locations) = 1 then locations[1] end as location,
    since_date::timestamp as idle_since,
    (since_date + least_days)::timestamp as reportable_from,
    first_seen_at as observed_from,
    round(overlap_gpu_hours, 2)::decimal(38, 2) || ' GPU-hours ran on demand beside '
    || round(unused_gpu_hours, 2)::decimal(38, 2) || ' unused ones of the reservation, on '
    || overlap_day_count || ' of ' || day_count || case when day_count = 1 then ' day' else ' days' end
    || ' from ' || strftime(first_date, '%Y-%m-%d') || ' to ' || strftime(last_date, '%Y-%m-%d')
    || '; the first was ' || strftime(since_date, '%Y-%m-%d')
    || case
      when monthly_cost is null then '; no price is in force for all of them.'
      else '; at the prices of their days they are ' || round(monthly_cost, 2)::decimal(38, 2) || ' '
        || currency || ' in a month of 730 hours.'
    end as evidence,
    monthly_cost as monthly_waste,
    case when monthly_cost is not null then currency end as currency
  from found
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
