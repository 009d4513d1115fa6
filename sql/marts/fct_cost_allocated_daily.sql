/*
description: What each project costs by day when shared costs are borne by those that share them. Over all projects it adds up to the cost of all usage and of all reservations that were not used, to the last place.
grain: [organization_id, usage_date, project_id, currency]
incremental: {by: usage_date, follows: [fct_cost_daily, fct_shared_cost_daily, int_shared_amounts]}
columns:
  organization_id: The organisation.
  usage_date: The UTC day.
  project_id: The project; null for what no project bears.
  project_name: Its latest name; its id where it has none.
  cost_centre: Its cost centre on that day; null where none is in force, and without a project, also where one holds for any.
  currency: The currency of the cost.
  direct_cost: The cost of its own usage; null where none of it is priced.
  handed_on_cost: What of that is shared by others, by tally.toml.
  shared_cost: What it bears of shared costs.
  unused_reservation_cost: The cost of unused reservations that no shared cost takes; only where there is no project.
  total_cost: Direct cost less what is handed on, and shared and unused cost; null where nothing of it is known.
  total_cost_reporting: The same in the reporting currency; null without a rate.
  reporting_currency: The currency that costs are reported in.
  has_unpriced_usage: Whether it had usage of more than 0 on that day that no price applies to, so that the total is not all of it.
tests:
  - not_null: [usage_date, currency, handed_on_cost, shared_cost, unused_reservation_cost, has_unpriced_usage]
*/
with direct as (
  select
    organization_id,
    usage_date,
    project_id,
    currency,
    sum(cost)::decimal(38, 10) as direct_cost,
    sum(cost_reporting)::decimal(38, 10) as direct_cost_reporting,
    bool_or(cost is null and quantity <> 0) as has_unpriced_usage
  from fct_cost_daily
  group by
    organization_id,
    usage_date,
    project_id,
    currency
),

beside_usage as (
  select
    organization_id,
    usage_date,
    project_id,
    currency,
    cost as shared_cost,
    cost_reporting as shared_cost_reporting,
    null as unused_reservation_cost,
    null as unused_reservation_cost_reporting
  from fct_shared_cost_daily

  union all

  select
    organization_id,
    usage_date,
    null,
    currency,
    null,
    null,
    amount,
    amount_reporting
  from int_shared_amounts
  where shared_cost is null
),

indirect as (
  select
    organization_id,
    usage_date,
    project_id,
    currency,
    sum(shared_cost)::decimal(38, 10) as shared_cost,
    sum(shared_cost_reporting)::decimal(38, 10) as shared_cost_reporting,
    sum(unused_reservation_cost)::decimal(38, 10) as unused_reservation_cost,
    sum(unused_reservation_cost_reporting)::decimal(38, 10) as unused_reservation_cost_reporting
  from beside_usage
  group by
    organization_id,
    usage_date,
    project_id,
    currency
),

-- Shared cost falls mostly on those that have cost of their own; the rest of it follows below.
summed as (
  select
    direct.*,
    indirect.* exclude (organization_id, usage_date, project_id, currency)
  from direct
  left join indirect
    on direct.usage_date = indirect.usage_date
    and direct.project_id = indirect.project_id
    and direct.organization_id = indirect.organization_id
    and direct.currency = indirect.currency

  union all by name

  select
    indirect.*,
    false as has_unpriced_usage
  from indirect
  anti join direct
    on indirect.usage_date = direct.usage_date
    and indirect.project_id = direct.project_id
    and indirect.organization_id = direct.organization_id
    and indirect.currency = direct.currency
),

final as (
  select
    summed.organization_id,
    summed.usage_date,
    summed.project_id,
    coalesce(projects.project_name, summed.project_id) as project_name,
    centres.cost_centre,
    summed.currency,
    summed.direct_cost,
    case when shared.project_id is null then 0 else coalesce(summed.direct_cost, 0) end::decimal(38, 10)
      as handed_on_cost,
    coalesce(summed.shared_cost, 0)::decimal(38, 10) as shared_cost,
    coalesce(summed.unused_reservation_cost, 0)::decimal(38, 10) as unused_reservation_cost,
    case
      when coalesce(summed.direct_cost, summed.shared_cost, summed.unused_reservation_cost) is not null
        then case when shared.project_id is null then coalesce(summed.direct_cost, 0) else 0 end
          + coalesce(summed.shared_cost, 0)
          + coalesce(summed.unused_reservation_cost, 0)
    end::decimal(38, 10) as total_cost,
    case
      when coalesce(
        summed.direct_cost_reporting,
        summed.shared_cost_reporting,
        summed.unused_reservation_cost_reporting
      ) is not null
        then case when shared.project_id is null then coalesce(summed.direct_cost_reporting, 0) else 0 end
          + coalesce(summed.shared_cost_reporting, 0)
          + coalesce(summed.unused_reservation_cost_reporting, 0)
    end::decimal(38, 10) as total_cost_reporting,
    build.currency as reporting_currency,
    summed.has_unpriced_usage
  from summed
  cross join meta.build as build
  left join meta.shared_project as shared
    on summed.project_id = shared.project_id
  left join int_projects as projects
    on summed.project_id = projects.project_id
  left join int_cost_centres_in_force as centres
    on summed.project_id = centres.project_id
    and summed.usage_date >= centres.starts_on
    and summed.usage_date < centres.ends_before
)

select
  organization_id,
  usage_date,
  project_id,
  project_name,
  cost_centre,
  currency,
  direct_cost,
  handed_on_cost,
  shared_cost,
  unused_reservation_cost,
  total_cost,
  total_cost_reporting,
  reporting_currency,
  has_unpriced_usage
from final
