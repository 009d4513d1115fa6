/*
description: VMs that are up without usage for as many days as their rule wants. A VM is judged by its own usage where usage by resource was read whole, or else by whether its project shows any of its type in its region. Days that were not read whole prove nothing, nor does an organisation whose usage never shows a VM without GPUs prove anything of these.
grain: [vm_id]
columns:
  organization_id: The organisation.
  project_id: The project.
  vm_id: The VM.
  vm_name: Its name.
  location: Where it runs.
  num_gpu: How many GPUs it has.
  first_seen_at: When the VM was first seen, UTC.
  is_own_usage: Whether it is judged by its own usage.
  idle_since: Since when it is up and shows no usage, UTC.
  reportable_from: From when it is long enough to tell, UTC.
  absence: What shows none, as a part of a sentence with the numbers.
  monthly_cost: What the VM costs in a month of 730 hours; null if unpriced.
  currency: The currency of that.
*/
with running as (
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
    states.first_seen_at,
    greatest(1, ceil(rules.min_days))::integer as window_days
  from dim_vm as vms
  inner join int_vm_states as states
    on vms.vm_id = states.vm_id
  inner join int_idle_rules as rules
    on rules.rule_id = case when vms.num_gpu > 0 then 'gpu_vm_without_usage' else 'vm_without_usage' end
  where vms.is_current
    and vms.state = 'running'
    and vms.num_gpu is not null
),

-- Where VMs without GPUs are not metered at all, that they show no usage means nothing.
metered_organizations as (
  select distinct usage.organization_id
  from int_type_last_usage as usage
  inner join int_resource_types as types
    on usage.resource_type_key = types.resource_type_key
    and types.num_gpu = 0
  where usage.resource_type_key in (select lower(vm_type) from stg_vms)
),

-- The same as int_type_last_usage, of the VMs that the inventory knows.
vm_usage as (
  select
    vms.project_id,
    lower(usage.resource_type) as resource_type_key,
    regexp_replace(lower(usage.region), '-[a-z]$', '') as region_key,
    max(usage.last_usage_date) as last_usage_date
  from int_resource_last_usage as usage
  inner join (
    select distinct
      project_id,
      vm_id
    from stg_vms
  ) as vms
    on usage.resource_id = vms.vm_id
  group by
    vms.project_id,
    lower(usage.resource_type),
    regexp_replace(lower(usage.region), '-[a-z]$', '')
),

type_usage as (
  select
    project_id,
    resource_type_key,
    region_key,
    last_usage_date,
    null::date as last_vm_usage_date
  from int_type_last_usage

  union all

  select
    project_id,
    resource_type_key,
    region_key,
    null,
    last_usage_date
  from vm_usage
),

last_used as (
  select
    running.vm_id,
    max(usage.last_usage_date) as last_usage_date,
    max(usage.last_vm_usage_date) as last_vm_usage_date
  from running
  inner join type_usage as usage
    on running.project_id = usage.project_id
    and running.resource_type_key = usage.resource_type_key
    -- Usage without a region may be anywhere.
    and (running.region_key = usage.region_key or usage.region_key is null or running.region_key is null)
  group by running.vm_id
),

dated as (
  select
    running.*,
    build.today,
    last_used.last_usage_date as type_last_usage_date,
    own.last_usage_date as own_last_usage_date,
    case
      when type_reads.first_read_date is not null and (running.num_gpu > 0 or metered.organization_id is not null)
        then greatest(
          running.state_since,
          (last_used.last_usage_date + 1)::timestamp,
          -- It may be metered by a type of another name.
          (own.last_usage_date + 1)::timestamp,
          type_reads.first_read_date::timestamp
        )
    end as type_idle_since,
    -- Only where known VMs account for the use of the type up to its last day does a VM that shows none stand out.
    case
      when own_reads.first_read_date is not null
        and last_used.last_vm_usage_date >= least(last_used.last_usage_date, build.today - 1)
        then greatest(
          running.state_since,
          (own.last_usage_date + 1)::timestamp,
          own_reads.first_read_date::timestamp
        )
    end as own_idle_since
  from running
  cross join meta.build as build
  left join metered_organizations as metered
    on running.organization_id = metered.organization_id
  left join int_usage_read_since as type_reads
    on running.project_id = type_reads.project_id
    and type_reads.stream = 'usage'
  left join int_usage_read_since as own_reads
    on running.project_id = own_reads.project_id
    and own_reads.stream = 'resource_usage'
  left join last_used
    on running.vm_id = last_used.vm_id
  left join int_resource_last_usage as own
    on running.vm_id = own.resource_id
),

judged as (
  select
    *,
    least(type_idle_since, own_idle_since) as idle_since,
    coalesce(own_idle_since <= type_idle_since, type_idle_since is null) as is_own_usage
  from dated
),

-- Only whole days count: the first is the day after the one in whose course it came up.
counted as (
  select
    *,
    case
      when idle_since = date_trunc('day', idle_since) then idle_since::date
      else idle_since::date + 1
    end as first_whole_date
  from judged
),

priced as (
  select
    counted.*,
    case when counted.is_own_usage then own_last_usage_date else type_last_usage_date end as last_usage_date,
    prices.currency,
    round(prices.hourly_units * prices.unit_price * 730::decimal(3, 0), 10)::decimal(38, 10) as monthly_cost
  from counted
  left join int_resource_prices as prices
    on prices.resource_kind = 'vm'
    and counted.vm_id = prices.resource_id
  where counted.first_whole_date <= counted.today - counted.window_days
),

final as (
  select
    organization_id,
    project_id,
    vm_id,
    vm_name,
    location,
    num_gpu,
    first_seen_at,
    is_own_usage,
    idle_since,
    (first_whole_date + window_days)::timestamp as reportable_from,
    case
      when is_own_usage then 'usage by resource shows none of its own'
      else 'its project shows no usage of ' || vm_type || coalesce(' in ' || region_key, '')
    end
    || ' from ' || strftime(first_whole_date, '%Y-%m-%d')
    || ' to ' || strftime(today - 1, '%Y-%m-%d')
    || ', ' || (today - first_whole_date) || ' whole days'
    || case
      when last_usage_date is null then ', nor ever before'
      else ', and last showed some on ' || strftime(last_usage_date, '%Y-%m-%d')
    end
    || case
      when monthly_cost is null then '; no price is in force for it.'
      else '; at today''s price it is ' || round(monthly_cost, 2)::decimal(38, 2) || ' '
        || currency || ' in a month of 730 hours.'
    end as absence,
    monthly_cost,
    case when monthly_cost is not null then currency end as currency
  from priced
)

select
  organization_id,
  project_id,
  vm_id,
  vm_name,
  location,
  num_gpu,
  first_seen_at,
  is_own_usage,
  idle_since,
  reportable_from,
  absence,
  monthly_cost,
  currency
from final
