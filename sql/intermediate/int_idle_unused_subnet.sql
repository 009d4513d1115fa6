/*
description: Subnets with nothing in them. The ones that every project is given are none of them, and a list that was not read well proves nothing.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: subnet.
  resource_id: The subnet.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Where it is.
  idle_since: Since when nothing is in it, as far back as it was seen, UTC.
  reportable_from: From when it is long enough to tell, UTC.
  observed_from: When the subnet was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: Null, since no price speaks of subnets.
  currency: Null, as the waste.
*/
with readable as (
  select project_id
  from int_inventory_reads
  where stream in ('networks', 'subnets', 'vms', 'load_balancers', 'internal_load_balancers', 'instance_templates')
    and (is_last_complete or (last_status = 'not_offered' and stream not in ('subnets', 'vms')))
  group by project_id
  having count(*) = 6
),

first_seen as (
  select
    subnet_id,
    min(valid_from) as first_seen_at
  from stg_subnets
  group by subnet_id
),

unused as (
  select
    subnets.*,
    occupancy.last_occupied_at,
    first_seen.first_seen_at,
    greatest(first_seen.first_seen_at, occupancy.last_occupied_at) as unused_since
  from stg_subnets as subnets
  inner join readable
    on subnets.project_id = readable.project_id
  inner join int_network_occupancy as occupancy
    on occupancy.place_kind = 'subnet'
    and subnets.subnet_id = occupancy.place_id
  inner join first_seen
    on subnets.subnet_id = first_seen.subnet_id
  left join stg_networks as networks
    on subnets.network_id = networks.network_id
    and networks.is_current
  where subnets.is_current
    and not occupancy.is_occupied
    and not starts_with(lower(coalesce(subnets.subnet_name, '')), 'default')
    -- The network that a project is given comes with a subnet for each location, called after it.
    and not (
      starts_with(lower(coalesce(networks.network_name, '')), 'default')
      and contains(lower(coalesce(subnets.subnet_name, '')), lower(coalesce(subnets.location, '?')))
    )
),

final as (
  select
    'unused_subnet' as rule_id,
    'subnet' as resource_kind,
    unused.subnet_id as resource_id,
    unused.subnet_name as resource_name,
    unused.organization_id,
    unused.project_id,
    unused.location,
    unused.unused_since as idle_since,
    unused.unused_since + to_seconds(rules.min_days * 86400) as reportable_from,
    unused.first_seen_at as observed_from,
    'No VM, load balancer or template is in the subnet' || coalesce(' ' || unused.cidr, '')
    || case
      when unused.nat_gateway_count = 1 then ' with its NAT gateway'
      when unused.nat_gateway_count > 1 then ' with its ' || unused.nat_gateway_count || ' NAT gateways'
      else ''
    end
    || case
      when unused.last_occupied_at is not null
        then '; the last was gone on ' || strftime(unused.last_occupied_at, '%Y-%m-%d')
      else ', nor was any seen since ' || strftime(unused.first_seen_at, '%Y-%m-%d')
    end
    || ', ' || datesub('day', unused.unused_since, build.now) || ' days ago; no price is in force for subnets.' as evidence,
    null::decimal(38, 10) as monthly_waste,
    null::varchar as currency
  from unused
  cross join meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'unused_subnet'
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
