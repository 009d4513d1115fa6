/*
description: Who bears how much of each shared cost, by day, with the key and the weights that say so. The parts add up to the whole, to the last place.
grain: [organization_id, usage_date, shared_cost, currency, project_id]
incremental: {by: usage_date, follows: [int_shared_amounts, fct_cost_daily]}
columns:
  organization_id: The organisation.
  usage_date: The UTC day.
  shared_cost: The name of the shared cost, by tally.toml.
  currency: The currency of the cost.
  project_id: The project that bears the part; null where nobody can.
  project_name: Its latest name; its id where it has none.
  cost_centre: Its cost centre on that day; null where none is in force, and without a project, also where one holds for any.
  amount: What is to be shared in all.
  allocation_key: The key that was used - usage, even or fixed; none where nobody can bear it. Without any GPU-hours, usage gives way to even.
  weight: GPU-hours to 6 places, 1, or the share of shared-costs.csv; a project whose weight is 0 bears no part.
  total_weight: The weights of all that bear it, added up.
  cost: The part, to 10 places; the last units of the tenth place go to the largest remainders.
  cost_reporting: The part in the reporting currency, split likewise; null without a rate.
  reporting_currency: The currency that costs are reported in.
tests:
  - not_null: [usage_date, shared_cost, currency, amount, allocation_key, cost]
  - accepted_values:
      column: allocation_key
      values: [usage, even, fixed, none]
*/
with pools as (
  select
    row_number() over (
      order by amounts.organization_id, amounts.usage_date, amounts.shared_cost, amounts.currency
    ) as pool,
    amounts.*,
    shared.allocation_key
  from int_shared_amounts as amounts
  inner join meta.shared_cost as shared
    on amounts.shared_cost = shared.shared_cost
),

shared_days as (
  select distinct
    organization_id,
    usage_date
  from pools
),

-- Who used anything on the day, and shares nothing.
users as (
  select
    costs.organization_id,
    costs.usage_date,
    costs.project_id,
    coalesce(sum(costs.gpu_hours), 0)::decimal(38, 6) as gpu_hours
  from fct_cost_daily as costs
  inner join shared_days
    on costs.organization_id = shared_days.organization_id
    and costs.usage_date = shared_days.usage_date
  where costs.quantity > 0
    and costs.project_id not in (select project_id from meta.shared_project)
  group by
    costs.organization_id,
    costs.usage_date,
    costs.project_id
),

weighted_users as (
  select
    organization_id,
    usage_date,
    project_id,
    gpu_hours,
    sum(gpu_hours) over (partition by organization_id, usage_date) > 0 as has_gpu_hours
  from users
),

bearers as (
  select
    pools.pool,
    users.project_id,
    case when pools.allocation_key = 'usage' and users.has_gpu_hours then 'usage' else 'even' end as allocation_key,
    case when pools.allocation_key = 'usage' and users.has_gpu_hours then users.gpu_hours else 1 end::decimal(30, 8)
      as weight
  from pools
  inner join weighted_users as users
    on pools.organization_id = users.organization_id
    and pools.usage_date = users.usage_date
  where pools.allocation_key <> 'fixed'

  union all

  select
    pools.pool,
    shares.project_id,
    'fixed',
    shares.share
  from pools
  inner join workspace.shared_cost_shares as shares
    on pools.shared_cost = shares.shared_cost
    and pools.usage_date >= coalesce(shares.effective_from, date '0001-01-01')
    and pools.usage_date <= coalesce(shares.effective_to, date '9999-12-31')
  where pools.allocation_key = 'fixed'
    and shares.project_id not in (select project_id from meta.shared_project)
),

-- In 10^-10 of the currency; the amount in the reporting currency is split by itself where it is another one.
amounts as (
  select
    pool,
    'cost' as measure,
    (amount * 10000000000::decimal(11, 0))::hugeint as units
  from pools

  union all

  select
    pools.pool,
    'cost_reporting',
    (pools.amount_reporting * 10000000000::decimal(11, 0))::hugeint
  from pools
  cross join meta.build as build
  where pools.amount_reporting is not null
    and pools.currency <> build.currency
),

weights as (
  select
    *,
    (weight * 100000000::decimal(9, 0))::hugeint as weight_units,
    sum((weight * 100000000::decimal(9, 0))::hugeint) over (partition by pool) as total_units
  from bearers
  where weight > 0
),

floors as (
  select
    weights.pool,
    weights.project_id,
    amounts.measure,
    amounts.units,
    abs(amounts.units) * weights.weight_units // weights.total_units as floor_units,
    abs(amounts.units) * weights.weight_units % weights.total_units as remainder
  from weights
  inner join amounts
    on weights.pool = amounts.pool
),

parts as (
  select
    pool,
    project_id,
    measure,
    (
      (
        floor_units
        + case
          when row_number() over (by_remainder) <= abs(units) - sum(floor_units) over (partition by pool, measure) then 1
          else 0
        end
      ) * sign(units)
    )::decimal(28, 0) * 0.0000000001::decimal(10, 10) as part
  from floors
  window by_remainder as (partition by pool, measure order by remainder desc, project_id)
),

split as (
  select
    pool,
    project_id,
    max(part) filter (where measure = 'cost')::decimal(38, 10) as cost,
    max(part) filter (where measure = 'cost_reporting')::decimal(38, 10) as cost_reporting
  from parts
  group by
    pool,
    project_id
),

final as (
  select
    pools.organization_id,
    pools.usage_date,
    pools.shared_cost,
    pools.currency,
    weights.project_id,
    coalesce(projects.project_name, weights.project_id) as project_name,
    centres.cost_centre,
    pools.amount,
    coalesce(weights.allocation_key, 'none') as allocation_key,
    weights.weight,
    sum(weights.weight) over (partition by pools.pool)::decimal(30, 8) as total_weight,
    case when weights.pool is null then pools.amount else split.cost end as cost,
    case
      when weights.pool is null then pools.amount_reporting
      when pools.currency = build.currency then split.cost
      else split.cost_reporting
    end as cost_reporting,
    build.currency as reporting_currency
  from pools
  cross join meta.build as build
  left join weights
    on pools.pool = weights.pool
  left join split
    on weights.pool = split.pool
    and weights.project_id = split.project_id
  left join int_projects as projects
    on weights.project_id = projects.project_id
  left join int_cost_centres_in_force as centres
    on weights.project_id = centres.project_id
    and pools.usage_date >= centres.starts_on
    and pools.usage_date < centres.ends_before
)

select
  organization_id,
  usage_date,
  shared_cost,
  currency,
  project_id,
  project_name,
  cost_centre,
  amount,
  allocation_key,
  weight,
  total_weight,
  cost,
  cost_reporting,
  reporting_currency
from final
