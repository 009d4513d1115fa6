/*
description: No less is billed for VMs than the inventory says that they ran, or something explains it. What fails here ran for nothing, or is not metered.
severity: warn
*/
select *
from fct_usage_reconciliation
where inventory_status = 'unexplained'
  and inventory_kind = 'vm'
  and inventory_difference <= 0
