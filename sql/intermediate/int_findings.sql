/*
description: What the idle rules find now, each rule's model in one table, with what is suppressed and with every cost counted once.
grain: [rule_id, resource_kind, resource_id]
columns:
  rule_id: The rule.
  resource_kind: What kind of resource it is.
  resource_id: The resource.
  resource_name: Its name.
  organization_id: The organisation; null where it is the account's.
  project_id: The project; null where it belongs to none.
  location: Where it is, as far as known.
  idle_since: Since when it is so, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: What it costs in a month of 730 hours; null if unpriced.
  counted_monthly_waste: What of that no other finding counts; null if unpriced.
  overlaps_rule_id: The first rule that counts a part of it instead.
  currency: The currency of both.
  is_suppressed: Whether a row of suppressions.csv holds for it today.
  suppressed_until: The last day of that; null where it has no end, or none holds.
  suppression_reason: Why.
  first_seen_at: When tally could first tell, UTC.
  last_seen_at: When the list that it stands in was last read well, UTC.
*/
with found as (
  select * from int_idle_gpu_vm_without_usage
  union all by name
  select * from int_idle_vm_without_usage
  union all by name
  select * from int_idle_underused_reservation
  union all by name
  select * from int_idle_unattached_disk
  union all by name
  select * from int_idle_stopped_vm_with_disks
  union all by name
  select * from int_idle_disk_on_stopped_vms
  union all by name
  select * from int_idle_static_address_on_stopped_vm
  union all by name
  select * from int_idle_orphaned_snapshot
  union all by name
  select * from int_idle_old_snapshot
  union all by name
  select * from int_idle_unused_image
  union all by name
  select * from int_idle_unused_instance_template
  union all by name
  select * from int_idle_oversized_os_disk
  union all by name
  select * from int_idle_long_lived_vm
  union all by name
  select * from int_idle_gpu_vm_low_utilization
  union all by name
  select * from int_idle_weekend_only_waste
  union all by name
  select * from int_idle_instance_group_above_desired
  union all by name
  select * from int_idle_on_demand_beside_unused_reservation
  union all by name
  select * from int_idle_project_without_usage
  union all by name
  select * from int_idle_smaller_type_candidate
  union all by name
  select * from int_idle_spot_candidate
  union all by name
  select * from int_idle_load_balancer_without_backends
  union all by name
  select * from int_idle_load_balancer_dead_backends
  union all by name
  select * from int_idle_empty_instance_group
  union all by name
  select * from int_idle_unused_network
  union all by name
  select * from int_idle_unused_subnet
  union all by name
  select * from int_idle_old_token
  union all by name
  select * from int_idle_old_ssh_key
),

reportable as (
  select
    found.*,
    rules.position,
    -- A rule may judge more than one kind, such as both kinds of load balancers.
    case
      when found.resource_kind = rules.resource_kind then rules.rests_on[1]
      else found.resource_kind || 's'
    end as stream,
    greatest(found.reportable_from, found.observed_from) as first_seen_at
  from found
  inner join int_idle_rules as rules
    on found.rule_id = rules.rule_id
  cross join meta.build as build
  where rules.is_enabled
    and found.reportable_from <= build.now
),

-- Of several rows that hold today, the one that holds longest.
suppressed as (
  select
    reportable.rule_id,
    reportable.resource_kind,
    reportable.resource_id,
    suppressions.until,
    suppressions.reason
  from reportable
  cross join meta.build as build
  inner join workspace.suppressions as suppressions
    on (suppressions.rule_id is null or suppressions.rule_id = reportable.rule_id)
    and (suppressions.resource_id is null or suppressions.resource_id = reportable.resource_id)
    and (suppressions.until is null or suppressions.until >= build.today)
  qualify row_number() over (
    partition by reportable.rule_id, reportable.resource_kind, reportable.resource_id
    order by suppressions.until desc nulls first, suppressions.source_line
  ) = 1
),

marked as (
  select
    reportable.*,
    suppressed.rule_id is not null as is_suppressed,
    suppressed.until as suppressed_until,
    suppressed.reason as suppression_reason
  from reportable
  left join suppressed
    on reportable.rule_id = suppressed.rule_id
    and reportable.resource_kind = suppressed.resource_kind
    and reportable.resource_id = suppressed.resource_id
),

-- A finding's waste is what its resource costs, or what others cost that its rule names.
costs as (
  select
    rule_id,
    position,
    resource_kind,
    resource_id,
    is_suppressed,
    currency,
    unnest(
      map_entries(
        coalesce(waste_by_resource, map([resource_kind || ':' || resource_id], [monthly_waste]))
      )
    ) as entry
  from marked
  where monthly_waste is not null
),

-- The first rule counts a cost, and a later one no more than it exceeds what was counted of the same; one that is
-- suppressed comes after all open findings.
claimed as (
  select
    rule_id,
    resource_kind,
    resource_id,
    greatest(entry.value - coalesce(max(entry.value) over before, 0), 0) as counted_cost,
    case when max(entry.value) over before > 0 then first_value({'position': position, 'rule_id': rule_id}) over before end as claimant
  from costs
  window before as (
    partition by entry.key, currency
    order by is_suppressed, position, resource_kind, resource_id
    rows between unbounded preceding and 1 preceding
  )
),

counted as (
  select
    rule_id,
    resource_kind,
    resource_id,
    sum(counted_cost)::decimal(38, 10) as monthly_waste,
    min(claimant).rule_id as overlaps_rule_id
  from claimed
  group by
    rule_id,
    resource_kind,
    resource_id
),

reads as (
  select
    found.rule_id,
    found.resource_kind,
    found.resource_id,
    max(reads.last_read_at) as last_read_at
  from marked as found
  inner join int_inventory_reads as reads
    on found.stream = reads.stream
    and (reads.organization_id is null or reads.organization_id = found.organization_id)
    and (reads.project_id is null or reads.project_id = found.project_id)
  group by
    found.rule_id,
    found.resource_kind,
    found.resource_id
),

final as (
  select
    marked.rule_id,
    marked.resource_kind,
    marked.resource_id,
    marked.resource_name,
    marked.organization_id,
    marked.project_id,
    marked.location,
    marked.idle_since,
    marked.evidence,
    marked.monthly_waste,
    case when marked.monthly_waste is not null then coalesce(counted.monthly_waste, 0) end::decimal(38, 10)
      as counted_monthly_waste,
    counted.overlaps_rule_id,
    marked.currency,
    marked.is_suppressed,
    marked.suppressed_until,
    marked.suppression_reason,
    marked.first_seen_at,
    reads.last_read_at as last_seen_at
  from marked
  left join counted
    on marked.rule_id = counted.rule_id
    and marked.resource_kind = counted.resource_kind
    and marked.resource_id = counted.resource_id
  left join reads
    on marked.rule_id = reads.rule_id
    and marked.resource_kind = reads.resource_kind
    and marked.resource_id = reads.resource_id
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
  evidence,
  monthly_waste,
  counted_monthly_waste,
  overlaps_rule_id,
  currency,
  is_suppressed,
  suppressed_until,
  suppression_reason,
  first_seen_at,
  last_seen_at
from final
