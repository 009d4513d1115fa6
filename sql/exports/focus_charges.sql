/*
description: The charges of the days in focus_period, as FOCUS tells them apart, from the published tables alone; what every version of the specification takes its columns from. Usage without a price is not in it.
grain: [usage_date, organization_id, project_id, region, sku_price_id, sku_meter, resource_id, resource_name, commitment_id, charge_category, status, pricing_category, currency]
columns:
  usage_date: The UTC day of the charge.
  organization_id: The organisation; unknown where usage does not say.
  organization_name: Its name; its id where it has none.
  project_id: The project; null for what is bought for all of them.
  project_name: Its name.
  cost_centre: Its cost centre on that day.
  owner: Its owner on that day.
  region: The region; null where none is told.
  resource_type: The type, or the product line of a reservation.
  gpu_type: The type of the GPUs; null where there are none.
  gpus_per_unit: How many GPUs one unit is the hour of; null where there are none.
  charge_category: Usage, Purchase or Credit.
  charge_frequency: Usage-Based, Recurring or One-Time.
  description: The charge in words.
  pricing_category: Standard, Dynamic (spot) or Committed; null for a credit.
  billed_cost: What the invoice has for it.
  effective_cost: What it costs when commitments are spread over the days that they hold for.
  contracted_cost: What it would cost by the agreed price without commitment.
  contracted_unit_price: That price; null for a credit.
  list_cost: What it would cost at the list price, or at the agreed one where there is none.
  list_unit_price: That price; null for a credit.
  quantity: How much is priced; null for a credit.
  unit: Its unit.
  consumed_quantity: How much was used; null where nothing was.
  commitment_id: The reservation that it is about; null where there is none.
  commitment_quantity: How much of the reservation, in commitment_unit.
  commitment_unit: The unit in which the reservation is measured.
  status: Used or Unused for what a reservation covers; null elsewhere.
  resource_id: The VM, disk or reservation; null where usage by resource is not offered or does not add up.
  resource_name: Its name.
  resource_kind: What it is.
  service_name: The service by focus-services.csv.
  service_category: Its category.
  service_subcategory: Its subcategory.
  sku_id: Type and metric.
  sku_meter: What is metered.
  sku_price_id: Type, metric and how it is bought.
  currency: The currency of all its amounts.
  price_source: The line that set the price.
*/
with usage as (
  select
    row_number() over (
      order by
        usage_date,
        organization_id,
        project_id,
        region,
        resource_type,
        billable_metric,
        reservation_id,
        pricing_category
    ) as usage_number,
    count(*) over (
      partition by
        usage_date,
        organization_id,
        project_id,
        region,
        resource_type,
        billable_metric,
        reservation_id
    ) as row_count,
    fct_cost_daily.*
  from fct_cost_daily
  cross join focus_period as period
  where fct_cost_daily.usage_date >= period.first_date
    and fct_cost_daily.usage_date < period.end_date
),

resources as (
  select
    fct_resource_usage_daily.*
  from fct_resource_usage_daily
  cross join focus_period as period
  where fct_resource_usage_daily.usage_date >= period.first_date
    and fct_resource_usage_daily.usage_date < period.end_date
    and fct_resource_usage_daily.quantity <> 0
),

resource_sums as (
  select
    usage_date,
    organization_id,
    project_id,
    region,
    resource_type,
    billable_metric,
    reservation_id,
    sum(quantity) as quantity
  from resources
  group by all
  having min(quantity) > 0
),

-- Usage is told by resource where that adds up to a millionth of the unit. Which of them ran as spot is not
-- published, and the API bills no resource.
by_resource as (
  select usage.*
  from usage
  inner join resource_sums as sums
    on usage.usage_date = sums.usage_date
    and coalesce(usage.organization_id, '') = coalesce(sums.organization_id, '')
    and coalesce(usage.project_id, '') = coalesce(sums.project_id, '')
    and coalesce(usage.region, '') = coalesce(sums.region, '')
    and coalesce(usage.resource_type, '') = coalesce(sums.resource_type, '')
    and coalesce(usage.billable_metric, '') = coalesce(sums.billable_metric, '')
    and coalesce(usage.reservation_id, '') = coalesce(sums.reservation_id, '')
  where usage.row_count = 1
    and usage.unit_price >= 0
    and usage.price_source <> 'billing'
    and abs(usage.quantity - sums.quantity) <= 0.000001
),

running as (
  select
    usage.usage_number,
    resources.resource_id,
    resources.resource_name,
    sum(resources.quantity) over stack - resources.quantity as quantity_before,
    sum(resources.quantity) over stack as quantity_with,
    row_number() over stack = count(*) over (partition by usage.usage_number) as is_last
  from by_resource as usage
  inner join resources
    on usage.usage_date = resources.usage_date
    and coalesce(usage.organization_id, '') = coalesce(resources.organization_id, '')
    and coalesce(usage.project_id, '') = coalesce(resources.project_id, '')
    and coalesce(usage.region, '') = coalesce(resources.region, '')
    and coalesce(usage.resource_type, '') = coalesce(resources.resource_type, '')
    and coalesce(usage.billable_metric, '') = coalesce(resources.billable_metric, '')
    and coalesce(usage.reservation_id, '') = coalesce(resources.reservation_id, '')
  window stack as (
    partition by usage.usage_number
    order by
      resources.quantity,
      resources.resource_id,
      resources.resource_name
    rows unbounded preceding
  )
),

-- Each takes what the sum so far grows by, and the last and largest the rest: the parts add up exactly.
parts as (
  select
    usage.*,
    null::varchar as resource_id,
    null::varchar as resource_name,
    0::decimal(38, 12) as quantity_before,
    usage.quantity as quantity_with
  from usage
  left join by_resource
    on usage.usage_number = by_resource.usage_number
  where by_resource.usage_number is null

  union all by name

  select
    usage.*,
    running.resource_id,
    running.resource_name,
    running.quantity_before::decimal(38, 12) as quantity_before,
    case when running.is_last then usage.quantity else running.quantity_with end::decimal(38, 12) as quantity_with
  from by_resource as usage
  inner join running
    on usage.usage_number = running.usage_number
),

commitments as (
  select
    reservations.*,
    lower(coalesce(reservations.product_line, 'unknown')) as product_key
  from fct_reservation_daily as reservations
  cross join focus_period as period
  where reservations.usage_date >= period.first_date
    and reservations.usage_date < period.end_date
    and reservations.committed_cost is not null
    and reservations.reserved_gpu_hours > 0
),

drawn as (
  select
    reservation_id,
    usage_date,
    sum(gpu_hours) as gpu_hours
  from usage
  where reservation_id is not null
  group by all
),

-- Of what is drawn beyond the reservation each bears the same share. In integers, since `/` is DOUBLE.
measured as (
  select
    parts.* exclude (quantity, cost, list_cost),
    parts.quantity_with - parts.quantity_before as quantity,
    case
      when parts.quantity_with = parts.quantity then parts.cost
      else round(parts.quantity_with * parts.unit_price, 10)
    end - case
      when parts.quantity_before = 0 then 0
      else round(parts.quantity_before * parts.unit_price, 10)
    end as cost,
    case
      when parts.quantity_with = parts.quantity then parts.list_cost
      else round(parts.quantity_with * parts.list_unit_price, 10)
    end - case
      when parts.quantity_before = 0 then 0
      else round(parts.quantity_before * parts.list_unit_price, 10)
    end as list_cost,
    round(parts.gpu_hours / nullif(parts.quantity, 0))::integer as gpus_per_unit,
    -- Where the API bills, the price is cost by quantity: with as many places as the product needs to be that cost.
    case
      when parts.price_source = 'billing'
        then (
          (parts.cost * 10000000000::decimal(11, 0))::hugeint * 10000000000000000::hugeint
          // nullif((parts.quantity * 1000000000000::decimal(13, 0))::hugeint, 0)
        )::decimal(24, 0) * 0.00000000000001::decimal(14, 14)
      else parts.unit_price
    end::decimal(38, 14) as exact_unit_price,
    commitments.reservation_id is not null as has_purchase,
    case
      when commitments.reservation_id is null then 0
      when parts.gpu_hours is null or drawn.gpu_hours <= commitments.reserved_gpu_hours
        then parts.quantity_with - parts.quantity_before
      else (
        (
          ((parts.quantity_with - parts.quantity_before) * 1000000000000::decimal(13, 0))::hugeint
          * (commitments.reserved_gpu_hours * 10000::decimal(5, 0))::hugeint
          // nullif((drawn.gpu_hours * 10000::decimal(5, 0))::hugeint, 0)
        )::decimal(26, 0) * 0.000000000001::decimal(12, 12)
      )
    end as covered_quantity
  from parts
  left join commitments
    on parts.reservation_id = commitments.reservation_id
    and parts.usage_date = commitments.usage_date
  left join drawn
    on parts.reservation_id = drawn.reservation_id
    and parts.usage_date = drawn.usage_date
  where parts.cost is not null
    and (parts.quantity <> 0 or parts.cost <> 0)
),

pieces as (
  select
    *,
    has_purchase and covered_quantity <> 0 as is_covered,
    quantity as piece_quantity,
    cost as piece_cost,
    list_cost as piece_list_cost
  from measured
  where not has_purchase
    or covered_quantity = quantity
    or covered_quantity = 0

  union all

  select
    *,
    true,
    covered_quantity,
    round(covered_quantity * unit_price, 10),
    round(covered_quantity * list_unit_price, 10)
  from measured
  where has_purchase
    and covered_quantity not in (0, quantity)

  union all

  select
    *,
    false,
    quantity - covered_quantity,
    cost - round(covered_quantity * unit_price, 10),
    list_cost - round(covered_quantity * list_unit_price, 10)
  from measured
  where has_purchase
    and covered_quantity not in (0, quantity)
),

-- A price cannot be negative: what is billed below 0 for what was used is a credit. Without a list price the agreed
-- one stands for it, so that nothing is said to be saved.
used as (
  select
    usage_date,
    organization_id,
    project_id,
    project_name,
    cost_centre,
    owner,
    region,
    resource_type,
    gpu_type,
    gpus_per_unit,
    billable_metric,
    case when piece_cost < 0 and piece_quantity >= 0 then 'Credit' else 'Usage' end as charge_category,
    case when piece_cost < 0 and piece_quantity >= 0 then 'One-Time' else 'Usage-Based' end as charge_frequency,
    case
      when has_purchase and not is_covered then ', beyond reservation ' || reservation_id
      when reservation_id is not null then ', drawn from reservation ' || reservation_id
      when pricing_category = 'spot' then ', spot'
      else ', on demand'
    end as how,
    case
      when has_purchase and not is_covered then 'on_demand'
      else pricing_category
    end as price_kind,
    case
      when has_purchase and not is_covered then 'Standard'
      when pricing_category = 'committed' then 'Committed'
      when pricing_category = 'spot' then 'Dynamic'
      else 'Standard'
    end as pricing_category,
    case when is_covered then 0 else piece_cost end as billed_cost,
    piece_cost as effective_cost,
    case
      when pricing_category = 'committed' and (is_covered or not has_purchase) then coalesce(piece_list_cost, piece_cost)
      else piece_cost
    end as contracted_cost,
    case
      when pricing_category = 'committed' and (is_covered or not has_purchase)
        then coalesce(list_unit_price, exact_unit_price)
      else exact_unit_price
    end as contracted_unit_price,
    coalesce(piece_list_cost, piece_cost) as list_cost,
    coalesce(list_unit_price, exact_unit_price) as list_unit_price,
    piece_quantity as quantity,
    piece_quantity as consumed_quantity,
    case when not has_purchase or is_covered then reservation_id end as commitment_id,
    case when gpus_per_unit is null then piece_quantity else piece_quantity * gpus_per_unit end as commitment_quantity,
    case when reservation_id is not null and (not has_purchase or is_covered) then 'Used' end as status,
    resource_id,
    case when resource_id is not null then resource_name end as resource_name,
    currency,
    price_source
  from pieces
),

-- The contract is owed by the day whether it is used or not.
bought as (
  select
    *,
    'Purchase' as charge_category,
    'Recurring' as charge_frequency,
    'Reservation ' || reservation_id || ' of ' || coalesce(product_line, 'GPUs') as description,
    'Standard' as pricing_category,
    committed_cost as billed_cost,
    0 as effective_cost,
    reserved_gpu_hours as quantity,
    committed_cost as contracted_cost,
    null as status
  from commitments

  union all

  select
    *,
    'Usage',
    'Usage-Based',
    'Unused part of reservation ' || reservation_id || ' of ' || coalesce(product_line, 'GPUs'),
    'Committed',
    0,
    unused_cost,
    unused_gpu_hours,
    unused_cost,
    'Unused'
  from commitments
  where unused_gpu_hours > 0
),

charges as (
  select
    * exclude (how),
    coalesce(resource_type, 'usage') || how as description
  from used

  union all by name

  select
    usage_date,
    organization_id,
    product_key as resource_type,
    gpu_type,
    1 as gpus_per_unit,
    'gpu-hours' as billable_metric,
    charge_category,
    charge_frequency,
    description,
    'committed' as price_kind,
    pricing_category,
    billed_cost,
    effective_cost,
    contracted_cost,
    unit_price::decimal(38, 14) as contracted_unit_price,
    case
      when on_demand_unit_price is null then contracted_cost
      else round(quantity * on_demand_unit_price, 10)
    end as list_cost,
    coalesce(on_demand_unit_price, unit_price)::decimal(38, 14) as list_unit_price,
    quantity,
    reservation_id as commitment_id,
    quantity as commitment_quantity,
    status,
    reservation_id as resource_id,
    'Reservation' as own_kind,
    currency,
    price_source
  from bought
),

-- What is measured and sold, each looked up once.
products as (
  select
    sold.resource_type,
    sold.billable_metric,
    sold.is_gpu,
    coalesce(units.unit, sold.billable_metric, 'Units') as unit,
    services.service_name,
    services.service_category,
    services.service_subcategory,
    services.resource_kind
  from (
    select distinct
      resource_type,
      billable_metric,
      gpu_type is not null as is_gpu
    from charges
  ) as sold
  left join focus_units as units
    on sold.billable_metric = units.billable_metric
  inner join focus_services as services
    on services.usage_kind in ('any', case when sold.is_gpu then 'gpu' else coalesce(units.usage_kind, 'other') end)
    and regexp_matches(lower(coalesce(sold.resource_type, '')), services.resource_type_pattern)
  qualify row_number() over (
    partition by sold.resource_type, sold.billable_metric, sold.is_gpu
    order by services.position::integer
  ) = 1
),

final as (
  select
    charges.usage_date,
    coalesce(charges.organization_id, 'unknown') as organization_id,
    coalesce(organizations.organization_name, charges.organization_id, 'unknown') as organization_name,
    charges.project_id,
    charges.project_name,
    charges.cost_centre,
    charges.owner,
    charges.region,
    charges.resource_type,
    charges.gpu_type,
    charges.gpus_per_unit,
    charges.charge_category,
    charges.charge_frequency,
    charges.description,
    case when charges.charge_category <> 'Credit' then charges.pricing_category end as pricing_category,
    charges.billed_cost::decimal(38, 10) as billed_cost,
    charges.effective_cost::decimal(38, 10) as effective_cost,
    charges.contracted_cost::decimal(38, 10) as contracted_cost,
    case when charges.charge_category <> 'Credit' then charges.contracted_unit_price end::decimal(38, 14)
      as contracted_unit_price,
    case when charges.charge_category = 'Credit' then charges.billed_cost else charges.list_cost end::decimal(38, 10)
      as list_cost,
    case when charges.charge_category <> 'Credit' then charges.list_unit_price end::decimal(38, 14) as list_unit_price,
    case when charges.charge_category <> 'Credit' then charges.quantity end::decimal(38, 12) as quantity,
    case when charges.charge_category <> 'Credit' then products.unit end as unit,
    case when charges.charge_category = 'Usage' then charges.consumed_quantity end::decimal(38, 12) as consumed_quantity,
    case when charges.charge_category <> 'Credit' then charges.commitment_id end as commitment_id,
    case
      when charges.charge_category <> 'Credit' and charges.commitment_id is not null then charges.commitment_quantity
    end::decimal(38, 12) as commitment_quantity,
    case
      when charges.charge_category = 'Credit' or charges.commitment_id is null then null
      when charges.gpus_per_unit is not null then 'GPU-Hours'
      else products.unit
    end as commitment_unit,
    case when charges.charge_category <> 'Credit' then charges.status end as status,
    charges.resource_id,
    charges.resource_name,
    case when charges.resource_id is not null then coalesce(charges.own_kind, products.resource_kind) end as resource_kind,
    products.service_name,
    products.service_category,
    products.service_subcategory,
    lower(coalesce(charges.resource_type, 'unknown')) || '/' || coalesce(charges.billable_metric, 'units') as sku_id,
    products.unit as sku_meter,
    lower(coalesce(charges.resource_type, 'unknown')) || '/' || coalesce(charges.billable_metric, 'units')
      || '/' || charges.price_kind as sku_price_id,
    charges.currency,
    charges.price_source
  from charges
  left join dim_organization as organizations
    on charges.organization_id = organizations.organization_id
  left join products
    on charges.resource_type is not distinct from products.resource_type
    and charges.billable_metric is not distinct from products.billable_metric
    and (charges.gpu_type is not null) = products.is_gpu
)

select
  usage_date,
  organization_id,
  organization_name,
  project_id,
  project_name,
  cost_centre,
  owner,
  region,
  resource_type,
  gpu_type,
  gpus_per_unit,
  charge_category,
  charge_frequency,
  description,
  pricing_category,
  billed_cost,
  effective_cost,
  contracted_cost,
  contracted_unit_price,
  list_cost,
  list_unit_price,
  quantity,
  unit,
  consumed_quantity,
  commitment_id,
  commitment_quantity,
  commitment_unit,
  status,
  resource_id,
  resource_name,
  resource_kind,
  service_name,
  service_category,
  service_subcategory,
  sku_id,
  sku_meter,
  sku_price_id,
  currency,
  price_source
from final
