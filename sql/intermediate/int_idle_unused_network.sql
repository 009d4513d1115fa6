/*
description: Networks with nothing in them. The one that every project is given is none of them, and a list that was not read well proves nothing.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: network.
  resource_id: The network.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Null, since it has none.
  idle_since: Since when nothing is in it, as far back as it was seen, UTC.
  reportable_from: From when it is long enough to tell, UTC.
  observed_from: When the network was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: Null, since no price speaks of networks.
  currency: Null, as the waste.
*/
with readable as (
  select project_id
  from int_inventory_reads
  where stream in ('networks', 'subnets', 'vms', 'load_balancers', 'internal_load_balancers', 'instance_templates')
    and (is_last_complete or (last_status = 'not_offered' and stream not in ('networks', 'vms')))
  group by project_id
  having count(*) = 6
),

first_seen as (
  select
    network_id,
    min(valid_from) as first_seen_at
  from stg_networks
  group by network_id
),

unused as (
  select
    networks.*,
    occupancy.last_occupied_at,
    first_seen.first_seen_at,
    greatest(first_seen.first_seen_at, occupancy.last_occupied_at) as unused_since
  from stg_networks as networks
  inner join readable
    on networks.project_id = readable.project_id
  inner join int_network_occupancy as occupancy
    on occupancy.place_kind = 'network'
    and networks.network_id = occupancy.place_id
  inner join first_seen
    on networks.network_id = first_seen.network_id
  where networks.is_current
    and not occupancy.is_occupied
    and not starts_with(lower(coalesce(networks.network_name, '')), 'default')
),

final as (
  select
    'unused_network' as rule_id,
    'network' as resource_kind,
    unused.network_id as resource_id,
    unused.network_name as resource_name,
    unused.organization_id,
    unused.project_id,
    null::varchar as location,
    unused.unused_since as idle_since,
    unused.unused_since + to_seconds(rules.min_days * 86400) as reportable_from,
    unused.first_seen_at as observed_from,
    'No VM, load balancer or template is in the network'
    || coalesce(' ' || unused.cidr, '') || ' with ' || len(unused.subnet_ids)
    || case when len(unused.subnet_ids) = 1 then ' subnet' else ' subnets' end
    || case
      when unused.last_occupied_at is not null
        then '; the last was gone on ' || strftime(unused.last_occupied_at, '%Y-%m-%d')
      else ', nor was any seen since ' || strftime(unused.first_seen_at, '%Y-%m-%d')
    end
    || ', ' || datesub('day', unused.unused_since, build.now) || ' days ago; no price is in force for networks.' as evidence,
    null::decimal(38, 10) as monthly_waste,
    null::varchar as currency
  from unused
  cross join meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'unused_network'
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
