/*
description: Instance groups with more VMs running than they are set to have. Silent where groups or VMs were not read well last time.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: instance_group.
  resource_id: The group.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Where its VMs are.
  idle_since: Since when more are running than it should have, UTC.
  reportable_from: From when it is long enough to tell, UTC.
  observed_from: When the group was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: What the cheapest of its running VMs cost that make up the surplus, in a month of 730 hours; null unless all of them are priced.
  currency: The currency of that.
  waste_by_resource: What each of these VMs costs.
*/
with above as (
  select
    *,
    running_count - desired_count as surplus
  from int_instance_group_states
  where is_above_desired
),

members as (
  select
    vms.instance_group_id,
    vms.vm_id,
    prices.currency,
    round(prices.hourly_units * prices.unit_price * 730::decimal(3, 0), 10)::decimal(38, 10) as monthly_cost
  from dim_vm as vms
  left join int_resource_prices as prices
    on prices.resource_kind = 'vm'
    and vms.vm_id = prices.resource_id
  where vms.is_current
    and vms.state = 'running'
    and vms.instance_group_id is not null
),

ranked as (
  select
    members.*,
    above.surplus,
    row_number() over (
      partition by members.instance_group_id
      order by members.monthly_cost, members.vm_id
    ) as place
  from members
  inner join above
    on members.instance_group_id = above.instance_group_id
),

summed as (
  select
    instance_group_id,
    count(*) as running_vm_count,
    count(*) filter (where monthly_cost is null) as unpriced_count,
    count(distinct currency) as currency_count,
    min(currency) as currency,
    sum(monthly_cost) filter (where place <= surplus)::decimal(38, 10) as monthly_cost,
    map_from_entries(
      coalesce(
        list({'k': 'vm:' || vm_id, 'v': monthly_cost} order by vm_id)
          filter (where place <= surplus and monthly_cost is not null),
        []
      )
    ) as waste_by_resource
  from ranked
  group by instance_group_id
),

priced as (
  select
    above.*,
    summed.currency,
    summed.monthly_cost,
    summed.waste_by_resource
  from above
  left join summed
    on above.instance_group_id = summed.instance_group_id
    and summed.running_vm_count >= above.surplus
    and summed.unpriced_count = 0
    and summed.currency_count = 1
),

final as (
  select
    'instance_group_above_desired' as rule_id,
    'instance_group' as resource_kind,
    priced.instance_group_id as resource_id,
    priced.instance_group_name as resource_name,
    priced.organization_id,
    priced.project_id,
    priced.location,
    priced.above_since as idle_since,
    priced.above_since + to_seconds(rules.min_days * 86400) as reportable_from,
    priced.first_seen_at as observed_from,
    priced.running_count || case when priced.running_count = 1 then ' VM is' else ' VMs are' end
    || ' running where ' || priced.desired_count || case when priced.desired_count = 1 then ' is' else ' are' end
    || ' wanted, ' || priced.surplus || ' too many, since ' || strftime(priced.above_since, '%Y-%m-%d')
    || ', ' || datesub('day', priced.above_since, build.now) || ' days'
    || case
      when priced.monthly_cost is null then '; no price is in force for all of its VMs.'
      else '; at today''s prices the surplus is ' || round(priced.monthly_cost, 2)::decimal(38, 2) || ' '
        || priced.currency || ' in a month of 730 hours.'
    end as evidence,
    priced.monthly_cost as monthly_waste,
    case when priced.monthly_cost is not null then priced.currency end as currency,
    priced.waste_by_resource
  from priced
  cross join meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'instance_group_above_desired'
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
  currency,
  waste_by_resource
from final
