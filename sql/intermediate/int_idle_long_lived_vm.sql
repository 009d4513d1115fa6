/*
description: VMs that are up and far older than the median life of the VMs that their project had in the window. What occupies a reservation is meant to stay. Silent for a project that had fewer than five.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: vm.
  resource_id: The VM.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Where it runs.
  idle_since: Since when it is older than the rule allows, UTC.
  reportable_from: From when it is long enough to tell, UTC.
  observed_from: When the VM was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: What the VM costs in a month of 730 hours; null if unpriced.
  currency: The currency of that.
*/
with settings as (
  select
    build.now,
    rules.min_days,
    rules.threshold,
    rules.window_days
  from meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'long_lived_vm'
),

lives as (
  select
    vm_id,
    max({'valid_from': valid_from, 'project_id': project_id}).project_id as project_id,
    coalesce(min(created_at), min(valid_from)) as born_at,
    min(valid_from) as first_seen_at,
    case when not bool_or(is_current) then max(valid_to) end as gone_at
  from stg_vms
  group by vm_id
),

-- Whole seconds, so that twice the median is whole too and no rounding decides.
lifetimes as (
  select
    lives.*,
    greatest(datediff('second', lives.born_at, coalesce(lives.gone_at, settings.now)), 0) as lifetime_seconds
  from lives
  cross join settings
  where coalesce(lives.gone_at, settings.now) >= settings.now - to_days(settings.window_days)
),

-- Of four VMs or fewer a median tells nothing.
medians as (
  select
    project_id,
    count(*) as vm_count,
    (median(lifetime_seconds) * 2)::bigint as twice_median_seconds
  from lifetimes
  group by project_id
  having count(*) >= 5
),

long_lived as (
  select
    vms.organization_id,
    vms.project_id,
    vms.vm_id,
    vms.vm_name,
    vms.vm_type,
    vms.location,
    lifetimes.first_seen_at,
    lifetimes.born_at,
    lifetimes.lifetime_seconds,
    medians.vm_count,
    medians.twice_median_seconds,
    settings.now,
    settings.threshold,
    greatest(
      settings.min_days * 86400,
      medians.twice_median_seconds * settings.threshold * 0.5::decimal(1, 1)
    )::decimal(38, 8) as limit_seconds
  from dim_vm as vms
  inner join lifetimes
    on vms.vm_id = lifetimes.vm_id
  inner join medians
    on vms.project_id = medians.project_id
  cross join settings
  where vms.is_current
    and vms.state = 'running'
    and nullif(vms.reservation_id, '') is null
),

priced as (
  select
    long_lived.*,
    prices.currency,
    round(prices.hourly_units * prices.unit_price * 730::decimal(3, 0), 10)::decimal(38, 10) as monthly_cost
  from long_lived
  left join int_resource_prices as prices
    on prices.resource_kind = 'vm'
    and long_lived.vm_id = prices.resource_id
  where long_lived.lifetime_seconds >= long_lived.limit_seconds
),

final as (
  select
    'long_lived_vm' as rule_id,
    'vm' as resource_kind,
    vm_id as resource_id,
    vm_name as resource_name,
    organization_id,
    project_id,
    location,
    born_at + to_seconds(limit_seconds) as idle_since,
    born_at + to_seconds(limit_seconds) as reportable_from,
    first_seen_at as observed_from,
    'Made on ' || strftime(born_at, '%Y-%m-%d') || ' and up, ' || (lifetime_seconds // 86400)
    || ' days, while the median life of the ' || vm_count || ' VMs of its project is '
    || (((twice_median_seconds * 10 + 86400) // 172800)::decimal(18, 0) * 0.1::decimal(2, 1))::decimal(18, 1)
    || ' days; ' || round(threshold, 1)::decimal(18, 1) || ' times that is thought to be long'
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
