/*
description: Accounts, and organisations that are listed, of which nothing could be read at the last attempt, since not even the list of organisations could.
grain: [scope, scope_value]
columns:
  scope: organization, or account for what is an account's own.
  scope_value: The organisation's id, or what tally.toml calls the account.
  message: The answer, or why it could not be asked.
*/
with attempts as (
  select
    case when organization_id is null then 'account' else 'organization' end as scope,
    coalesce(organization_id, account) as scope_value,
    stream = 'organizations' and status = 'failed' as is_outage,
    attempted_at,
    load_id,
    message
  from stg_read_windows
  where load_id is not null
),

outages as (
  select
    scope,
    scope_value,
    max({'attempted_at': attempted_at, 'load_id': load_id, 'message': message}) as latest
  from attempts
  where is_outage
  group by
    scope,
    scope_value
),

read_since as (
  select distinct
    attempts.scope,
    attempts.scope_value
  from attempts
  inner join outages
    on attempts.scope = outages.scope
    and attempts.scope_value = outages.scope_value
  where not attempts.is_outage
    and (attempts.attempted_at, attempts.load_id) > (outages.latest.attempted_at, outages.latest.load_id)
),

final as (
  select
    outages.scope,
    outages.scope_value,
    outages.latest.message as message
  from outages
  anti join read_since
    on outages.scope = read_since.scope
    and outages.scope_value = read_since.scope_value
  where outages.scope = 'account'
    or outages.scope_value in (select organization_id from stg_organizations where is_current)
)

select
  scope,
  scope_value,
  message
from final
