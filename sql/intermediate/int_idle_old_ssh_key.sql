/*
description: SSH keys of the credential's user that are older than a number of days. The API does not say when one was last used.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: ssh_key.
  resource_id: The key's id.
  resource_name: Null, since neither name nor key is read.
  organization_id: Null, since it is the user's.
  project_id: Null, as well.
  location: Null, as well.
  idle_since: When it was made, UTC.
  reportable_from: From when it is old enough to tell, UTC.
  observed_from: When the key was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: Null, since a key costs nothing.
  currency: Null, as the waste.
*/
with readable as (
  select account
  from int_inventory_reads
  where stream = 'ssh_keys'
    and is_last_complete
),

-- Two accounts of one user both list its keys.
keys as (
  select ssh_keys.*
  from stg_ssh_keys as ssh_keys
  inner join readable
    on ssh_keys.account = readable.account
  where ssh_keys.is_current
    and ssh_keys.created_at is not null
  qualify row_number() over (partition by ssh_keys.ssh_key_id order by ssh_keys.account) = 1
),

first_seen as (
  select
    ssh_key_id,
    min(valid_from) as first_seen_at
  from stg_ssh_keys
  group by ssh_key_id
),

final as (
  select
    'old_ssh_key' as rule_id,
    'ssh_key' as resource_kind,
    keys.ssh_key_id as resource_id,
    null::varchar as resource_name,
    null::varchar as organization_id,
    null::varchar as project_id,
    null::varchar as location,
    keys.created_at as idle_since,
    keys.created_at + to_seconds(rules.min_days * 86400) as reportable_from,
    first_seen.first_seen_at as observed_from,
    'Made on ' || strftime(keys.created_at, '%Y-%m-%d') || ', ' || datesub('day', keys.created_at, build.now)
    || ' days ago, and still listed; a key should be changed after '
    || printf('%g', rules.min_days::double) || ' days.' as evidence,
    null::decimal(38, 10) as monthly_waste,
    null::varchar as currency
  from keys
  inner join first_seen
    on keys.ssh_key_id = first_seen.ssh_key_id
  cross join meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'old_ssh_key'
)

select
  rule_id,
  resource_kind,
  resource_id,
  resource_name,
  organization_id,
  project_id,
  location,
  idle_since,
  reportable_from,
  observed_from,
  evidence,
  monthly_waste,
  currency
from final
