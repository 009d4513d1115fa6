/*
description: On-demand GPU VMs that can do with being interrupted, where spot is priced lower. A VM can where a group would replace it, or where it was started again often enough of late.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: vm.
  resource_id: The VM.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Where it runs.
  idle_since: Since when it is up on demand, UTC.
  reportable_from: From when it is long enough to tell, UTC.
  observed_from: When the VM was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: What spot would save in a month of 730 hours.
  currency: The currency of that.
*/
with settings as (
  select
    rules.min_days,
    rules.threshold as least_starts,
    rules.window_days,
    build.now - to_days(rules.window_days) as window_start
  from meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'spot_candidate'
),

versions as (
  select
    vm_id,
    state,
    valid_from,
    lag(state) over (partition by vm_id order by valid_from) as previous_state
  from stg_vms
),

seen_starts as (
  select
    versions.vm_id,
    count(*) as start_count
  from versions
  cross join settings
  where versions.previous_state = 'stopped'
    and versions.state = 'running'
    and versions.valid_from >= settings.window_start
  group by versions.vm_id
),

known_starts as (
  select
    operations.resource_id as vm_id,
    count(*) as start_count
  from stg_operations as operations
  cross join settings
  where operations.resource_kind = 'vm'
    and operations.state = 'succeeded'
    and regexp_matches(lower(operations.operation_type), '(^|[^a-z])(re)?start')
    and operations.started_at >= settings.window_start
  group by operations.resource_id
),

candidates as (
  select
    vms.organization_id,
    vms.project_id,
    vms.vm_id,
    vms.vm_name,
    vms.location,
    groups.instance_group_name,
    vms.instance_group_id,
    states.state_since,
    states.first_seen_at,
    settings.min_days,
    settings.window_days,
    -- Nightly readings see some starts, operations others; both see the same.
    greatest(coalesce(seen_starts.start_count, 0), coalesce(known_starts.start_count, 0)) as start_count,
    prices.currency,
    prices.unit_price,
    spot_prices.unit_price as spot_unit_price,
    prices.billable_metric,
    round(
      (prices.hourly_units * prices.unit_price - spot_prices.hourly_units * spot_prices.unit_price)
      * 730::decimal(3, 0),
      10
    )::decimal(38, 10) as monthly_saving
  from dim_vm as vms
  cross join settings
  inner join int_vm_states as states
    on vms.vm_id = states.vm_id
  inner join int_resource_prices as prices
    on prices.resource_kind = 'vm'
    and vms.vm_id = prices.resource_id
  inner join int_resource_prices as spot_prices
    on spot_prices.resource_kind = 'spot_vm'
    and vms.vm_id = spot_prices.resource_id
    and prices.currency = spot_prices.currency
    and prices.billable_metric = spot_prices.billable_metric
  left join stg_instance_groups as groups
    on vms.instance_group_id = groups.instance_group_id
    and groups.is_current
  left join seen_starts
    on vms.vm_id = seen_starts.vm_id
  left join known_starts
    on vms.vm_id = known_starts.vm_id
  where vms.is_current
    and vms.state = 'running'
    and vms.num_gpu > 0
    and vms.reservation_id is null
    and not coalesce(regexp_matches(lower(vms.billing_type), 'spot|preemptible|reserv|commit'), false)
    and (
      vms.instance_group_id is not null
      or greatest(coalesce(seen_starts.start_count, 0), coalesce(known_starts.start_count, 0)) >= settings.least_starts
    )
),

final as (
  select
    'spot_candidate' as rule_id,
    'vm' as resource_kind,
    vm_id as resource_id,
    vm_name as resource_name,
    organization_id,
    project_id,
    location,
    state_since as idle_since,
    state_since + to_seconds(min_days * 86400) as reportable_from,
    first_seen_at as observed_from,
    'Up on demand since ' || strftime(state_since, '%Y-%m-%d')
    || case
      when instance_group_id is not null
        then ' in the group ' || coalesce(instance_group_name, instance_group_id) || ', which would replace it'
      else ', and started ' || start_count || ' times in the last ' || window_days || ' days'
    end
    || '; spot is priced ' || rtrim(rtrim(spot_unit_price::varchar, '0'), '.') || ' where on demand is '
    || rtrim(rtrim(unit_price::varchar, '0'), '.') || ', which saves '
    || round(monthly_saving, 2)::decimal(38, 2) || ' ' || currency || ' in a month of 730 hours.' as evidence,
    monthly_saving as monthly_waste,
    currency
  from candidates
  where monthly_saving > 0
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
