/*
description: No finding counts more than it wastes, and it counts a waste wherever it has one.
severity: error
*/
select
  rule_id,
  resource_kind,
  resource_id,
  monthly_waste,
  counted_monthly_waste
from fct_idle_findings
where counted_monthly_waste > monthly_waste
  or (counted_monthly_waste is null) <> (monthly_waste is null)
