/*
description: What is to be shared on each day - the cost of shared projects and of reservations that were not used - as tally.toml has it.
grain: [organization_id, usage_date, shared_cost, currency]
incremental: {by: usage_date, follows: [fct_cost_daily]}
columns:
  organization_id: The organisation; what one has is borne by its own projects.
  usage_date: The UTC day.
  shared_cost: The name of the shared cost; null for unused reservations that no shared cost takes.
  currency: The currency of the cost.
  amount: How much.
  amount_reporting: The same in the reporting currency; null without a rate.
*/
with sources as (
  select
    costs.organization_id,
    costs.usage_date,
    shared.shared_cost,
    costs.currency,
    costs.cost as amount,
    costs.cost_reporting as amount_reporting
  from fct_cost_daily as costs
  inner join meta.shared_project as shared
    on costs.project_id = shared.project_id
  where costs.cost is not null

  union all

  -- A reservation at no price of its own has no commitment that anyone knows.
  select
    reservations.organization_id,
    reservations.usage_date,
    shared.shared_cost,
    reservations.currency,
    reservations.unused_cost,
    round(reservations.unused_cost * rates.exchange_rate, 10)::decimal(38, 10)
  from fct_reservation_daily as reservations
  left join meta.shared_cost as shared
    on shared.has_unused_reservations
  left join stg_exchange_rates as rates
    on reservations.currency = rates.currency
    and reservations.usage_date >= rates.starts_on
    and reservations.usage_date < rates.ends_before
  where reservations.is_contract_price
    and reservations.unused_cost <> 0
),

final as (
  select
    organization_id,
    usage_date,
    shared_cost,
    currency,
    sum(amount)::decimal(38, 10) as amount,
    sum(amount_reporting)::decimal(38, 10) as amount_reporting
  from sources
  group by
    organization_id,
    usage_date,
    shared_cost,
    currency
)

select
  organization_id,
  usage_date,
  shared_cost,
  currency,
  amount,
  amount_reporting
from final
