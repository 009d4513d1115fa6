/*
description: Usage of disks agrees with their sizes in the inventory, or something explains why it does not.
severity: warn
*/
select *
from fct_usage_reconciliation
where inventory_status = 'unexplained'
  and inventory_kind = 'disk'
