/*
description: Instance groups without a single VM, whether none is wanted or none could be had. Silent where groups or VMs were not read well last time.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: instance_group.
  resource_id: The group.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Where its template would put VMs.
  idle_since: Since when it has none, UTC.
  reportable_from: From when it is long enough to tell, UTC.
  observed_from: When the group was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: Null, since a group without VMs is billed nothing.
  currency: Null, as the waste.
*/
with final as (
  select
    'empty_instance_group' as rule_id,
    'instance_group' as resource_kind,
    groups.instance_group_id as resource_id,
    groups.instance_group_name as resource_name,
    groups.organization_id,
    groups.project_id,
    groups.location,
    groups.empty_since as idle_since,
    groups.empty_since + to_seconds(rules.min_days * 86400) as reportable_from,
    groups.first_seen_at as observed_from,
    'The group has 0 VMs since ' || strftime(groups.empty_since, '%Y-%m-%d')
    || ', ' || datesub('day', groups.empty_since, build.now) || ' days, '
    || case
      when groups.desired_count is null then 'and nothing says how many are wanted'
      when groups.desired_count = 0 then 'and 0 are wanted'
      else 'though ' || groups.desired_count || case when groups.desired_count = 1 then ' is' else ' are' end || ' wanted'
    end
    || '; without VMs no price applies to it.' as evidence,
    null::decimal(38, 10) as monthly_waste,
    null::varchar as currency
  from int_instance_group_states as groups
  cross join meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'empty_instance_group'
  where groups.is_empty
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
