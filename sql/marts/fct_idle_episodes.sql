/*
description: Each time that a resource was found idle, from the first build that found it so to the one that no longer did. One that comes back is an episode of its own.
grain: [rule_id, resource_kind, resource_id, first_found_at]
columns:
  rule_id: The rule that found it.
  resource_kind: What kind of resource it is.
  resource_id: The resource.
  first_found_at: The clock of the build that found it first, UTC.
  last_found_at: The clock of the last build that found it, UTC.
  closed_at: The clock of the first build that could tell that it is not so any more, UTC; null while none could.
  outcome: standing; resolved where the resource was mended; withdrawn where it is only judged otherwise, or its project is out of sight.
  resource_name: Its name, as it was found last.
  organization_id: The organisation; null where it is the account's.
  project_id: The project; null where it belongs to none.
  project_name: The project's latest name; its id where it has none.
  idle_since: Since when it was so, UTC.
  evidence: A sentence with the numbers, as it was found last.
  monthly_waste: What it cost in a month of 730 hours, as it was found last; null where unpriced.
  counted_monthly_waste: What of that no other finding counted; null where unpriced.
  saved_per_month: What of that ended with it; null unless it was resolved and priced.
  currency: The currency of these; null where unpriced.
tests:
  - not_null: [rule_id, resource_kind, resource_id, first_found_at, last_found_at, outcome, idle_since, evidence]
  - accepted_values:
      column: outcome
      values: [standing, resolved, withdrawn]
  - range: {column: saved_per_month, min: 0}
*/
with final as (
  select
    history.rule_id,
    history.resource_kind,
    history.resource_id,
    history.first_found_at,
    history.last_found_at,
    history.closed_at,
    coalesce(history.outcome, 'standing') as outcome,
    history.resource_name,
    history.organization_id,
    history.project_id,
    coalesce(projects.project_name, history.project_id) as project_name,
    history.idle_since,
    history.evidence,
    history.monthly_waste,
    history.counted_monthly_waste,
    case when history.outcome = 'resolved' then history.counted_monthly_waste end as saved_per_month,
    history.currency
  from int_finding_history as history
  left join int_projects as projects
    on history.project_id = projects.project_id
)

select
  rule_id,
  resource_kind,
  resource_id,
  first_found_at,
  last_found_at,
  closed_at,
  outcome,
  resource_name,
  organization_id,
  project_id,
  project_name,
  idle_since,
  evidence,
  monthly_waste,
  counted_monthly_waste,
  saved_per_month,
  currency
from final
