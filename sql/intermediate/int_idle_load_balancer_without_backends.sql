/*
description: Load balancers, of both kinds, that spread load over nothing. One of which the API does not list the backends is left out.
grain: [resource_kind, resource_id]
columns:
  rule_id: The rule.
  resource_kind: load_balancer or internal_load_balancer.
  resource_id: The load balancer.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Where it is.
  idle_since: Since when it has no backend, as far back as it was seen, UTC.
  reportable_from: From when it is long enough to tell, UTC.
  observed_from: When the load balancer was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: Null, since no price speaks of load balancers.
  currency: Null, as the waste.
*/
with versions as (
  select
    *,
    case when is_internal then 'internal_load_balancer' else 'load_balancer' end as resource_kind,
    coalesce(len(backends) = 0, false) as is_empty,
    min(valid_from) over (partition by load_balancer_id) as first_seen_at
  from stg_load_balancers
),

last_filled as (
  select
    load_balancer_id,
    max(valid_to) as filled_until
  from versions
  where not is_empty
  group by load_balancer_id
),

empty as (
  select
    versions.*,
    last_filled.filled_until,
    coalesce(last_filled.filled_until, versions.first_seen_at) as empty_since
  from versions
  inner join int_inventory_reads as reads
    on versions.project_id = reads.project_id
    and reads.stream = versions.resource_kind || 's'
    and reads.is_last_complete
  left join last_filled
    on versions.load_balancer_id = last_filled.load_balancer_id
  where versions.is_current
    and versions.is_empty
),

final as (
  select
    'load_balancer_without_backends' as rule_id,
    empty.resource_kind,
    empty.load_balancer_id as resource_id,
    empty.load_balancer_name as resource_name,
    empty.organization_id,
    empty.project_id,
    empty.location,
    empty.empty_since as idle_since,
    empty.empty_since + to_seconds(rules.min_days * 86400) as reportable_from,
    empty.first_seen_at as observed_from,
    'The ' || case when empty.is_internal then 'internal ' else '' end || 'load balancer has 0 backends'
    || case
      when empty.filled_until is not null then ', since ' || strftime(empty.filled_until, '%Y-%m-%d')
      else ', nor had any when it was first seen on ' || strftime(empty.first_seen_at, '%Y-%m-%d')
    end
    || ', ' || datesub('day', empty.empty_since, build.now) || ' days ago; no price is in force for load balancers.' as evidence,
    null::decimal(38, 10) as monthly_waste,
    null::varchar as currency
  from empty
  cross join meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'load_balancer_without_backends'
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
