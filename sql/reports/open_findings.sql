/*
description: What is idle and not suppressed, for other tools, with what to do about it; by rule and resource.
grain: [rule_id, resource_kind, resource_id]
columns:
  rule_id: The rule that found it.
  rule_title: What the rule finds.
  severity: high, medium or low.
  status: open.
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
  evidence: A sentence with the numbers and dates that it rests on.
  action: What to do about what the rule finds.
  first_seen_at: When tally could first tell, UTC.
  last_seen_at: When the list that it stands in was last read well, UTC.
*/
with final as (
  select
    findings.rule_id,
    findings.rule_title,
    findings.severity,
    findings.status,
    findings.resource_kind,
    findings.resource_id,
    findings.resource_name,
    findings.project_id,
    findings.project_name,
    findings.location,
    findings.idle_since,
    findings.idle_days,
    findings.monthly_waste,
    findings.counted_monthly_waste,
    findings.currency,
    findings.evidence,
    rules.action,
    findings.first_seen_at,
    findings.last_seen_at
  from fct_idle_findings as findings
  left join dim_idle_rule as rules
    on findings.rule_id = rules.rule_id
  where findings.status = 'open'
)

select
  rule_id,
  rule_title,
  severity,
  status,
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
  evidence,
  action,
  first_seen_at,
  last_seen_at
from final
order by
  rule_id,
  resource_kind,
  resource_id
