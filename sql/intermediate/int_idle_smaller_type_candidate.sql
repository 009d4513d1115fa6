/*
description: VMs of several GPUs, outside of reservations, that were so little used, even in their busiest hour, that a listed type with half of the GPUs would do. Silent where monitoring is not offered.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: vm.
  resource_id: The VM.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Where it runs.
  idle_since: The first day of the window on which it was measured, or when it came up on that day, UTC.
  reportable_from: From when it was measured for long enough, UTC.
  observed_from: When the VM was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: What the smaller type would save in a month of 730 hours; null unless both types are priced.
  currency: The currency of that.
*/
with settings as (
  select
    rules.window_days,
    rules.threshold as most_share,
    rules.min_days,
    rules.min_days * 24 as least_hours
  from int_idle_rules as rules
  where rules.rule_id = 'smaller_type_candidate'
),

measured as (
  select
    days.vm_id,
    sum(days.measured_hours)::bigint as measured_hours,
    max(days.peak_share) as peak_share,
    min(days.measured_date) as first_date,
    max(days.measured_date) as last_date
  from int_vm_gpu_utilisation as days
  cross join settings
  where days.measured_date > days.read_until_date - settings.window_days
  group by days.vm_id
),

priced as (
  select
    vms.organization_id,
    vms.project_id,
    vms.vm_id,
    vms.vm_name,
    vms.location,
    vms.vm_type,
    vms.num_gpu,
    smaller.vm_type as smaller_type,
    smaller.num_gpu as smaller_num_gpu,
    states.state_since,
    states.first_seen_at,
    measured.measured_hours,
    measured.peak_share,
    measured.first_date,
    measured.last_date,
    settings.most_share,
    settings.min_days,
    prices.currency,
    round(
      (prices.hourly_units * prices.unit_price - smaller_prices.hourly_units * smaller_prices.unit_price)
      * 730::decimal(3, 0),
      10
    )::decimal(38, 10) as monthly_saving
  from measured
  cross join settings
  inner join int_smaller_types as smaller
    on measured.vm_id = smaller.vm_id
  inner join dim_vm as vms
    on measured.vm_id = vms.vm_id
    and vms.is_current
  inner join int_vm_states as states
    on measured.vm_id = states.vm_id
  left join int_resource_prices as prices
    on prices.resource_kind = 'vm'
    and measured.vm_id = prices.resource_id
  left join int_resource_prices as smaller_prices
    on smaller_prices.resource_kind = 'smaller_vm'
    and measured.vm_id = smaller_prices.resource_id
    and prices.currency = smaller_prices.currency
  where measured.measured_hours >= settings.least_hours
    and measured.peak_share < settings.most_share
),

final as (
  select
    'smaller_type_candidate' as rule_id,
    'vm' as resource_kind,
    vm_id as resource_id,
    vm_name as resource_name,
    organization_id,
    project_id,
    location,
    greatest(first_date::timestamp, state_since) as idle_since,
    greatest(first_date::timestamp, state_since) + to_seconds(min_days * 86400) as reportable_from,
    first_seen_at as observed_from,
    'Its ' || num_gpu || ' GPUs were busy ' || round(peak_share * 100, 2)::decimal(18, 2)
    || ' % in the busiest of ' || measured_hours || ' hours measured from ' || strftime(first_date, '%Y-%m-%d')
    || ' to ' || strftime(last_date, '%Y-%m-%d') || ', less than ' || round(most_share * 100, 1)::decimal(18, 1)
    || ' %, so that the ' || smaller_num_gpu || case when smaller_num_gpu = 1 then ' GPU of ' else ' GPUs of ' end
    || smaller_type || ' would do'
    || case
      when monthly_saving is null then '; no price is in force for both types.'
      else '; at today''s prices that saves ' || round(monthly_saving, 2)::decimal(38, 2) || ' '
        || currency || ' in a month of 730 hours.'
    end as evidence,
    monthly_saving as monthly_waste,
    case when monthly_saving is not null then currency end as currency
  from priced
  -- A type that costs as much saves nothing.
  where monthly_saving is null
    or monthly_saving > 0
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
