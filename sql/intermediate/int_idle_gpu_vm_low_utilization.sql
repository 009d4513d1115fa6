/*
description: GPU VMs whose GPUs were busy for less than a share of the hours in which monitoring saw them up. Silent where monitoring is not offered.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: vm.
  resource_id: The VM.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Where it runs.
  idle_since: The beginning of the first window in a row that was below the share, as far back as is looked, UTC.
  reportable_from: The end of that window, UTC.
  observed_from: When the VM was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: What the idle share of it costs in a month of 730 hours; null if unpriced.
  currency: The currency of that.
*/
with settings as (
  select
    rules.window_days,
    rules.threshold as least_share,
    rules.min_days * 24 as least_hours
  from int_idle_rules as rules
  where rules.rule_id = 'gpu_vm_low_utilization'
),

-- The last window ends with the last day read, also of a VM that was not measured on it.
days as (
  select
    vm_id,
    measured_date,
    read_until_date,
    measured_hours,
    busy_hours
  from int_vm_gpu_utilisation

  union all

  select
    vm_id,
    read_until_date,
    read_until_date,
    0,
    0
  from int_vm_gpu_utilisation
  group by
    vm_id,
    read_until_date
  having max(measured_date) < read_until_date
),

-- One window for each day that it may end with.
windows as (
  select
    days.vm_id,
    days.measured_date as last_date,
    days.read_until_date,
    min(case when days.measured_hours > 0 then days.measured_date end) over in_window as first_date,
    sum(days.measured_hours) over in_window as measured_hours,
    sum(days.busy_hours) over in_window as busy_hours
  from days
  cross join settings
  window in_window as (
    partition by days.vm_id
    order by days.measured_date
    range between to_days(settings.window_days - 1) preceding and current row
  )
),

judged as (
  select
    windows.*,
    windows.measured_hours >= settings.least_hours
    and windows.busy_hours < (windows.measured_hours * settings.least_share)::decimal(38, 12) as is_below
  from windows
  cross join settings
),

last_enough as (
  select
    vm_id,
    max(last_date) as last_date
  from judged
  where not is_below
  group by vm_id
),

first_below as (
  select
    judged.vm_id,
    arg_min({'first_date': judged.first_date, 'last_date': judged.last_date}, judged.last_date) as opening
  from judged
  left join last_enough
    on judged.vm_id = last_enough.vm_id
  where judged.last_date > coalesce(last_enough.last_date, date '0001-01-01')
  group by judged.vm_id
),

latest as (
  select
    vms.organization_id,
    vms.project_id,
    vms.vm_id,
    vms.vm_name,
    vms.location,
    vms.num_gpu,
    states.state_since,
    states.first_seen_at,
    judged.first_date,
    judged.last_date,
    judged.measured_hours,
    judged.busy_hours,
    first_below.opening
  from judged
  inner join first_below
    on judged.vm_id = first_below.vm_id
  inner join dim_vm as vms
    on judged.vm_id = vms.vm_id
    and vms.is_current
  inner join int_vm_states as states
    on judged.vm_id = states.vm_id
  where judged.is_below
    and judged.last_date = judged.read_until_date
),

-- The idle share in whole 10^-10 of the currency, rounded half up: a division would go through DOUBLE.
priced as (
  select
    latest.*,
    prices.currency,
    (
      (
        round(prices.hourly_units * prices.unit_price * 730::decimal(3, 0) * 10000000000::decimal(11, 0), 0)::hugeint
        * ((latest.measured_hours - latest.busy_hours) * 1000000::decimal(7, 0))::hugeint * 2
        + latest.measured_hours::hugeint * 1000000
      ) // (latest.measured_hours::hugeint * 2000000)
    )::decimal(28, 0) * 0.0000000001::decimal(10, 10) as monthly_cost
  from latest
  left join int_resource_prices as prices
    on prices.resource_kind = 'vm'
    and latest.vm_id = prices.resource_id
),

final as (
  select
    'gpu_vm_low_utilization' as rule_id,
    'vm' as resource_kind,
    priced.vm_id as resource_id,
    priced.vm_name as resource_name,
    priced.organization_id,
    priced.project_id,
    priced.location,
    greatest(priced.opening.first_date::timestamp, priced.state_since) as idle_since,
    (priced.opening.last_date + 1)::timestamp as reportable_from,
    priced.first_seen_at as observed_from,
    'Its ' || priced.num_gpu || case when priced.num_gpu = 1 then ' GPU was' else ' GPUs were' end || ' busy '
    || round(priced.busy_hours * 100 / priced.measured_hours, 2)::decimal(18, 2) || ' % of '
    || priced.measured_hours || ' hours measured from ' || strftime(priced.first_date, '%Y-%m-%d')
    || ' to ' || strftime(priced.last_date, '%Y-%m-%d') || ', less than '
    || round(settings.least_share * 100, 1)::decimal(18, 1) || ' %'
    || case
      when priced.monthly_cost is null then '; no price is in force for it.'
      else '; at today''s price the idle share is ' || round(priced.monthly_cost, 2)::decimal(38, 2) || ' '
        || priced.currency || ' in a month of 730 hours.'
    end as evidence,
    priced.monthly_cost::decimal(38, 10) as monthly_waste,
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
