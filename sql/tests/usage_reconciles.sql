/*
description: Usage by project, usage by resource and the hours of VMs by the inventory agree, or something explains why they do not.
severity: error
*/
select *
from fct_usage_reconciliation
where resource_status = 'unexplained'
  or (inventory_status = 'unexplained' and inventory_kind = 'vm')
