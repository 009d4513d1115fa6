/*
description: GPU VMs that work on weekdays and stay up, idle, over the weekend (Saturday and Sunday, UTC), as monitoring saw them. Silent where monitoring is not offered.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: vm.
  resource_id: The VM.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Where it runs.
  idle_since: The first weekend day of the window on which it was up, UTC.
  reportable_from: The end of the last of them, UTC.
  observed_from: When the VM was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: What the hours at weekends cost in a month of 730 hours; null if unpriced.
  currency: The currency of that.
*/
with settings as (
  select
    rules.window_days,
    rules.threshold as least_share,
    rules.min_days * 24 as least_hours
  from int_idle_rules as rules
  where rules.rule_id = 'weekend_only_waste'
),

days as (
  select
    days.vm_id,
    days.measured_date,
    days.measured_hours,
    days.busy_hours,
    isodow(days.measured_date) >= 6 as is_weekend
  from int_vm_gpu_utilisation as days
  cross join settings
  where days.measured_date > days.read_until_date - settings.window_days
),

summed as (
  select
    vm_id,
    coalesce(sum(measured_hours) filter (where is_weekend), 0)::bigint as weekend_hours,
    coalesce(sum(busy_hours) filter (where is_weekend), 0)::decimal(38, 6) as weekend_busy_hours,
    min(measured_date) filter (where is_weekend) as first_weekend_date,
    max(measured_date) filter (where is_weekend) as last_weekend_date,
    coalesce(sum(measured_hours) filter (where not is_weekend), 0)::bigint as weekday_hours,
    coalesce(sum(busy_hours) filter (where not is_weekend), 0)::decimal(38, 6) as weekday_busy_hours
  from days
  group by vm_id
),

found as (
  select
    vms.organization_id,
    vms.project_id,
    vms.vm_id,
    vms.vm_name,
    vms.location,
    states.state_since,
    states.first_seen_at,
    summed.* exclude (vm_id),
    settings.window_days,
    settings.least_share
  from summed
  cross join settings
  inner join dim_vm as vms
    on summed.vm_id = vms.vm_id
    and vms.is_current
  inner join int_vm_states as states
    on summed.vm_id = states.vm_id
  where summed.weekend_hours >= settings.least_hours
    and summed.weekend_busy_hours < (summed.weekend_hours * settings.least_share)::decimal(38, 12)
    and summed.weekday_hours > 0
    and summed.weekday_busy_hours >= (summed.weekday_hours * settings.least_share)::decimal(38, 12)
),

-- Hours at weekends in a month, as they are in the window, in whole 10^-10 of the currency, rounded half up.
priced as (
  select
    found.*,
    prices.currency,
    (
      (
        round(prices.hourly_units * prices.unit_price * 730::decimal(3, 0) * 10000000000::decimal(11, 0), 0)::hugeint
        * found.weekend_hours * 2
        + found.window_days * 24
      ) // (found.window_days * 24 * 2)
    )::decimal(28, 0) * 0.0000000001::decimal(10, 10) as monthly_cost
  from found
  left join int_resource_prices as prices
    on prices.resource_kind = 'vm'
    and found.vm_id = prices.resource_id
),

final as (
  select
    'weekend_only_waste' as rule_id,
    'vm' as resource_kind,
    vm_id as resource_id,
    vm_name as resource_name,
    organization_id,
    project_id,
    location,
    greatest(first_weekend_date::timestamp, state_since) as idle_since,
    (last_weekend_date + 1)::timestamp as reportable_from,
    first_seen_at as observed_from,
    'Up for ' || weekend_hours || ' hours of weekend from ' || strftime(first_weekend_date, '%Y-%m-%d')
    || ' to ' || strftime(last_weekend_date, '%Y-%m-%d') || ' with its GPUs busy '
    || round(weekend_busy_hours * 100 / weekend_hours, 2)::decimal(18, 2) || ' % of them, less than '
    || round(least_share * 100, 1)::decimal(18, 1) || ' %, but '
    || round(weekday_busy_hours * 100 / weekday_hours, 2)::decimal(18, 2) || ' % of '
    || weekday_hours || ' hours on weekdays'
    || case
      when monthly_cost is null then '; no price is in force for it.'
      else '; at today''s price its weekends are ' || round(monthly_cost, 2)::decimal(38, 2) || ' '
        || currency || ' in a month of 730 hours.'
    end as evidence,
    monthly_cost::decimal(38, 10) as monthly_waste,
    case when monthly_cost is not null then currency end as currency
  from priced
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
