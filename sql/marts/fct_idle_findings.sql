/*
description: Resources that cost without serving anybody, each with its evidence, since when, and what it wastes in a month.
grain: [rule_id, resource_kind, resource_id]
columns:
  rule_id: The rule that found it.
  rule_title: What the rule finds.
  resource_kind: vm, disk, snapshot or reservation.
  resource_id: The resource.
  resource_name: Its name; of a reservation, its product line.
  organization_id: The organisation.
  project_id: The project; null where it belongs to none.
  project_name: The project's latest name; its id where it has none.
  location: Where it is, as far as known.
  idle_since: Since when it is so, UTC.
  idle_days: How many full days that is.
  evidence: A sentence with the numbers and dates that it rests on.
  monthly_waste_usd: What it costs in a month of 730 hours at today's prices, in US dollars; null where unpriced or in another currency.
  monthly_waste: The same in the currency of its price; null where unpriced.
  currency: The currency of monthly_waste; null where unpriced.
  severity: high, medium or low.
  status: open, or suppressed by a row of suppressions.csv that holds today.
  first_seen_at: When tally could first tell, UTC.
  last_seen_at: When the list that it stands in was last read well, UTC.
tests:
  - not_null: [rule_id, rule_title, resource_kind, resource_id, idle_since, idle_days, evidence, severity, status, first_seen_at]
  - accepted_values:
      column: status
      values: [open, suppressed]
  - accepted_values:
      column: severity
      values: [high, medium, low]
  - relationship: {column: project_id, model: dim_project, to: project_id}
  - range: {column: idle_days, min: 0}
  - range: {column: monthly_waste, min: 0}
*/
with found as (
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
  from int_idle_stopped_vm_with_disks

  union all

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
  from int_idle_unattached_disk

  union all

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
  from int_idle_orphaned_snapshot

  union all

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
  from int_idle_gpu_vm_without_usage

  union all

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
  from int_idle_underused_reservation
),

final as (
  select
    found.rule_id,
    rules.title as rule_title,
    found.resource_kind,
    found.resource_id,
    found.resource_name,
    found.organization_id,
    found.project_id,
    coalesce(projects.project_name, found.project_id) as project_name,
    found.location,
    found.idle_since,
    datesub('day', found.idle_since, build.now)::integer as idle_days,
    found.evidence,
    case when found.currency = 'USD' then found.monthly_waste end as monthly_waste_usd,
    found.monthly_waste,
    found.currency,
    rules.severity,
    case
      when exists (
        select 1
        from workspace.suppressions as suppressions
        where (suppressions.rule_id is null or suppressions.rule_id = found.rule_id)
          and (suppressions.resource_id is null or suppressions.resource_id = found.resource_id)
          and (suppressions.until is null or suppressions.until >= build.today)
      )
        then 'suppressed'
      else 'open'
    end as status,
    greatest(found.reportable_from, found.observed_from) as first_seen_at,
    reads.last_read_at as last_seen_at
  from found
  inner join reference.idle_rules as rules
    on found.rule_id = rules.rule_id
  cross join meta.build as build
  left join int_projects as projects
    on found.project_id = projects.project_id
  left join int_inventory_reads as reads
    on reads.stream = found.resource_kind || 's'
    and found.organization_id is not distinct from reads.organization_id
    and found.project_id is not distinct from reads.project_id
  where found.reportable_from <= build.now
)

select
  rule_id,
  rule_title,
  resource_kind,
  resource_id,
  resource_name,
  organization_id,
  project_id,
  project_name,
  location,
  idle_since,
  idle_days,
  evidence,
  monthly_waste_usd,
  monthly_waste,
  currency,
  severity,
  status,
  first_seen_at,
  last_seen_at
from final
