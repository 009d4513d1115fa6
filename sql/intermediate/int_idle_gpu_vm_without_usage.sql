/*
description: GPU VMs that are up while their project shows no usage of their type in their region. Days that were not read whole prove nothing.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: vm.
  resource_id: The VM.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Where it runs.
  idle_since: Since when it is up and its type shows no usage, UTC.
  reportable_from: From when it is long enough to tell, UTC.
  observed_from: When the VM was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: What the VM costs in a month of 730 hours; null if unpriced.
  currency: The currency of that.
*/
with settings as (
  select
    build.now,
    build.today,
    greatest(1, ceil(rules.min_days))::integer as window_days
  from meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'gpu_vm_without_usage'
),

running as (
  select
    vms.organization_id,
    vms.project_id,
    vms.vm_id,
    vms.vm_name,
    vms.location,
    vms.vm_type,
    vms.num_gpu,
    lower(vms.vm_type) as resource_type_key,
    lower(vms.region) as region_key,
    states.state_since,
    states.first_seen_at
  from dim_vm as vms
  inner join int_vm_states as states
    on vms.vm_id = states.vm_id
  where vms.is_current
    and vms.state = 'running'
    and vms.num_gpu > 0
),

last_used as (
  select
    running.vm_id,
    max(usage.last_usage_date) as last_usage_date
  from running
  inner join int_type_last_usage as usage
    on running.project_id = usage.project_id
    and running.resource_type_key = usage.resource_type_key
    -- Usage without a region may be anywhere.
    and (running.region_key = usage.region_key or usage.region_key is null or running.region_key is null)
  group by running.vm_id
),

dated as (
  select
    running.*,
    settings.now,
    settings.window_days,
    settings.today - settings.window_days as window_start,
    last_used.last_usage_date,
    greatest(
      running.state_since,
      (last_used.last_usage_date + 1)::timestamp,
      read_since.first_read_date::timestamp
    ) as idle_since
  from running
  cross join settings
  inner join int_usage_read_since as read_since
    on running.project_id = read_since.project_id
  left join last_used
    on running.vm_id = last_used.vm_id
),

-- Only whole days count: the first is the day after the one in whose course it came up.
counted as (
  select
    dated.*,
    case
      when idle_since = date_trunc('day', idle_since) then idle_since::date
      else idle_since::date + 1
    end as first_whole_date
  from dated
),

priced as (
  select
    counted.*,
    prices.currency,
    round(prices.hourly_units * prices.unit_price * 730::decimal(3, 0), 10)::decimal(38, 10) as monthly_cost
  from counted
  left join int_resource_prices as prices
    on prices.resource_kind = 'vm'
    and counted.vm_id = prices.resource_id
  where counted.first_whole_date <= counted.window_start
),

final as (
  select
    'gpu_vm_without_usage' as rule_id,
    'vm' as resource_kind,
    vm_id as resource_id,
    vm_name as resource_name,
    organization_id,
    project_id,
    location,
    idle_since,
    (first_whole_date + window_days)::timestamp as reportable_from,
    first_seen_at as observed_from,
    'Running with ' || num_gpu || case when num_gpu = 1 then ' GPU' else ' GPUs' end
    || ', while its project shows no usage of ' || vm_type
    || coalesce(' in ' || region_key, '')
    || ' from ' || strftime(first_whole_date, '%Y-%m-%d')
    || ' to ' || strftime(now::date - 1, '%Y-%m-%d')
    || ', ' || (now::date - first_whole_date) || ' whole days'
    || case
      when last_usage_date is null then ', nor ever before'
      else ', and last showed some on ' || strftime(last_usage_date, '%Y-%m-%d')
    end
    || case
      when monthly_cost is null then '; no price is in force for it.'
      else '; at today''s price it is ' || round(monthly_cost, 2)::decimal(38, 2) || ' '
        || currency || ' in a month of 730 hours.'
    end as evidence,
    monthly_cost as monthly_waste,
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
