/*
description: >-
  One row for each organisation that is listed now, ever was, or is to be read and could not be, with its latest name and
  how the last attempt to read it ended.
grain: [organization_id]
columns:
  organization_id: The organisation; what tally.toml calls it where it could never be read.
  organization_name: Its latest name; null where it has none, or it could never be read.
  is_current: Whether the API lists it now.
  read_status: complete, partial where something of its list of projects could not be read, failed, or not_read.
  last_read_at: When its projects were last listed, UTC; null where they never were.
  message: Why it could not be read; null where it could.
tests:
  - not_null: [organization_id, is_current, read_status]
  - accepted_values:
      column: read_status
      values: [complete, partial, failed, not_read]
*/
with organizations as (
  select
    organization_id,
    organization_name,
    is_current
  from stg_organizations
  qualify row_number() over (
    partition by organization_id
    order by is_current desc, valid_from desc, account
  ) = 1
),

reads as (
  select
    organization_id,
    max({'attempted_at': attempted_at, 'load_id': load_id, 'status': status, 'message': message}) as latest,
    max(attempted_at) filter (where status in ('complete', 'partial')) as last_read_at
  from stg_read_windows
  where stream = 'projects'
  group by organization_id
),

listed as (
  select
    organizations.organization_id,
    organizations.organization_name,
    organizations.is_current,
    case when outages.scope is null then coalesce(reads.latest.status, 'not_read') else 'failed' end as read_status,
    reads.last_read_at,
    case when outages.scope is null then reads.latest.message else outages.message end as message
  from organizations
  left join reads
    on organizations.organization_id = reads.organization_id
  left join int_outages as outages
    on outages.scope = 'organization'
    and organizations.organization_id = outages.scope_value
),

never_listed as (
  select
    outages.scope_value as organization_id,
    null::varchar as organization_name,
    false as is_current,
    'failed' as read_status,
    null::timestamp as last_read_at,
    outages.message
  from int_outages as outages
  -- One that tally.toml names no more, such as a name that was mistyped, is missed by nobody.
  semi join meta.named_organization as named
    on outages.scope_value = named.label
  where outages.scope = 'account'
    and outages.scope_value not in (select organization_id from organizations)
    and outages.scope_value not in (select organization_name from organizations where organization_name is not null)
    and outages.scope_value not in (select account from stg_organizations)
),

final as (
  select *
  from listed

  union

  select *
  from never_listed
)

select
  organization_id,
  organization_name,
  is_current,
  read_status,
  last_read_at,
  message
from final
