/*
description: Usage by project is that by resource, and no more is billed for VMs than the inventory allows for, or something explains it.
severity: error
*/
select *
from fct_usage_reconciliation
where resource_status = 'unexplained'
  or (inventory_status = 'unexplained' and inventory_kind = 'vm' and inventory_difference > 0)
