/*
description: What is open to mend now, by what it wastes a month; each cost counts once.
*/
select
  rule_title,
  resource_name,
  project_name,
  idle_since,
  counted_monthly_waste as monthly_waste,
  currency,
  evidence
from fct_idle_findings
where status = 'open'
order by
  counted_monthly_waste desc nulls last,
  rule_id,
  resource_id
