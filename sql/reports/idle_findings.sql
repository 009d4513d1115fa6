/*
description: >-
  Idle resources as found when the data were built, the costliest first; suppressed ones at the end. What is resolved
  is idle no more.
grain: [rule_id, resource_kind, resource_id]
columns:
  status: open, or suppressed by a row of suppressions.csv.
  severity: high, medium or low.
  rule_id: The rule that found it.
  rule_title: What the rule finds.
  resource_kind: vm, disk, snapshot, reservation or another kind that a rule judges.
  resource_id: The resource.
  resource_name: Its name; of a reservation, its product line.
  project_id: The project; null where it belongs to none.
  project_name: The project's name; its id where it has none.
  location: Where it is, as far as known.
  idle_since: Since when it is so, UTC.
  idle_days: How many full days that is.
  monthly_waste: What it costs in a month of 730 hours at today's prices; null where unpriced.
  counted_monthly_waste: What of it no other finding counts, so that a sum counts no cost twice; null where unpriced.
  currency: The currency of both; null where unpriced.
  overlaps_rule_id: The first rule that counts a part of this waste instead; null where none does.
  evidence: A sentence with the numbers and dates that it rests on.
  action: What to do about it; null for a rule that tally has no more.
  suppressed_until: The last day on which it is suppressed; null where that has no end, or it is not.
  suppression_reason: Why it is, as suppressions.csv says.
  first_seen_at: When tally could first tell, UTC.
  last_seen_at: When the list that it stands in was last read well, UTC.
*/
with final as (
  select
    fct_idle_findings.status,
    fct_idle_findings.severity,
    fct_idle_findings.rule_id,
    fct_idle_findings.rule_title,
    fct_idle_findings.resource_kind,
    fct_idle_findings.resource_id,
    fct_idle_findings.resource_name,
    fct_idle_findings.project_id,
    fct_idle_findings.project_name,
    fct_idle_findings.location,
    fct_idle_findings.idle_since,
    fct_idle_findings.idle_days,
    fct_idle_findings.monthly_waste,
    fct_idle_findings.counted_monthly_waste,
    fct_idle_findings.currency,
    fct_idle_findings.overlaps_rule_id,
    fct_idle_findings.evidence,
    dim_idle_rule.action,
    fct_idle_findings.suppressed_until,
    fct_idle_findings.suppression_reason,
    fct_idle_findings.first_seen_at,
    fct_idle_findings.last_seen_at
  from fct_idle_findings
  left join dim_idle_rule
    on dim_idle_rule.rule_id = fct_idle_findings.rule_id
  where fct_idle_findings.status <> 'resolved'
)

select
  status,
  severity,
  rule_id,
  rule_title,
  resource_kind,
  resource_id,
  resource_name,
  project_id,
  project_name,
  location,
  idle_since,
  idle_days,
  monthly_waste,
  counted_monthly_waste,
  currency,
  overlaps_rule_id,
  evidence,
  action,
  suppressed_until,
  suppression_reason,
  first_seen_at,
  last_seen_at
from final
order by
  case status when 'open' then 0 else 1 end,
  coalesce(currency = (select currency from meta_build), false) desc,
  currency nulls last,
  monthly_waste desc nulls last,
  case severity when 'high' then 0 when 'medium' then 1 else 2 end,
  idle_since,
  rule_id,
  resource_kind,
  resource_id
