-- Idle resources as found when the data were built, the costliest first; suppressed ones at the end. What is resolved is idle no more.

with final as (
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
    suppressed_until,
    suppression_reason,
    first_seen_at,
    last_seen_at
  from fct_idle_findings
  where status <> 'resolved'
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
