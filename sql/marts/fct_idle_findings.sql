/*
description: Resources that cost without serving anybody, each with its evidence, since when, and what it wastes in a month.
grain: [rule_id, resource_kind, resource_id]
columns:
  rule_id: The rule that found it.
  rule_title: What the rule finds.
  resource_kind: vm, disk, snapshot, reservation or another kind that a rule judges, as dim_idle_rule has it.
  resource_id: The resource.
  resource_name: Its name; of a reservation, its product line.
  organization_id: The organisation; null where it is the account's.
  project_id: The project; null where it belongs to none.
  project_name: The project's latest name; its id where it has none.
  location: Where it is, as far as known.
  idle_since: Since when it is so, UTC.
  idle_days: How many full days that is; of what is resolved, until then.
  evidence: A sentence with the numbers and dates that it rests on.
  monthly_waste_usd: What it costs in a month of 730 hours at today's prices, in US dollars; null where unpriced or in another currency.
  monthly_waste: The same in the currency of its price; null where unpriced.
  currency: The currency of monthly_waste; null where unpriced.
  counted_monthly_waste_usd: What of monthly_waste_usd no other finding counts, so that a sum counts no cost twice; null where that is.
  counted_monthly_waste: What of monthly_waste no other finding counts, resource by resource; null where unpriced.
  overlaps_rule_id: The first rule that counts a part of this waste instead; null where none does.
  severity: high, medium or low.
  status: open; suppressed by a row of suppressions.csv that holds today; or resolved, where it was found before and is not so any more.
  suppressed_until: The last day on which it is suppressed; null where that has no end, or it is not.
  suppression_reason: Why it is, as suppressions.csv says.
  first_seen_at: When tally could first tell, UTC.
  last_seen_at: When the list that it stands in was last read well, UTC; of what is resolved, when it was last found.
  resolved_at: The clock of the build that saw that it is not so any more, UTC; null unless it is resolved.
tests:
  - not_null: [rule_id, rule_title, resource_kind, resource_id, idle_since, idle_days, evidence, severity, status, first_seen_at]
  - accepted_values:
      column: status
      values: [open, suppressed, resolved]
  - accepted_values:
      column: severity
      values: [high, medium, low]
  - relationship: {column: project_id, model: dim_project, to: project_id}
  - range: {column: idle_days, min: 0}
  - range: {column: monthly_waste, min: 0}
  - range: {column: counted_monthly_waste, min: 0}
*/
with latest as (
  select *
  from int_finding_history
  qualify row_number() over (
    partition by rule_id, resource_kind, resource_id
    order by first_found_at desc
  ) = 1
),

resolved as (
  select *
  from latest
  where outcome = 'resolved'
),

found as (
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
    case when is_suppressed then 'suppressed' else 'open' end as status,
    suppressed_until,
    suppression_reason,
    first_seen_at,
    last_seen_at,
    null::timestamp as resolved_at
  from int_findings

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
    evidence,
    monthly_waste,
    counted_monthly_waste,
    null as overlaps_rule_id,
    currency,
    'resolved' as status,
    null as suppressed_until,
    null as suppression_reason,
    first_seen_at,
    last_found_at as last_seen_at,
    closed_at as resolved_at
  from resolved
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
    datesub('day', found.idle_since, coalesce(found.resolved_at, build.now))::integer as idle_days,
    found.evidence,
    case when found.currency = 'USD' then found.monthly_waste end as monthly_waste_usd,
    found.monthly_waste,
    found.currency,
    case when found.currency = 'USD' then found.counted_monthly_waste end as counted_monthly_waste_usd,
    found.counted_monthly_waste,
    found.overlaps_rule_id,
    rules.severity,
    found.status,
    found.suppressed_until,
    found.suppression_reason,
    found.first_seen_at,
    found.last_seen_at,
    found.resolved_at
  from found
  inner join int_idle_rules as rules
    on found.rule_id = rules.rule_id
  cross join meta.build as build
  left join int_projects as projects
    on found.project_id = projects.project_id
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
  counted_monthly_waste_usd,
  counted_monthly_waste,
  overlaps_rule_id,
  severity,
  status,
  suppressed_until,
  suppression_reason,
  first_seen_at,
  last_seen_at,
  resolved_at
from final
