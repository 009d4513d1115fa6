/*
description: API tokens of the credential's user that have expired, are not used, or are old. Nothing of the token itself is read.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: token.
  resource_id: When the token was made and what it is called, since its own id is not read.
  resource_name: What it is called.
  organization_id: Null, since it is the user's.
  project_id: Null, as well.
  location: Null, as well.
  idle_since: When it expired, was last used, or was made, UTC.
  reportable_from: From when it is long enough to tell, UTC.
  observed_from: When the token was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: Null, since a token costs nothing.
  currency: Null, as the waste.
*/
with readable as (
  select account
  from int_inventory_reads
  where stream = 'tokens'
    and is_last_complete
),

first_seen as (
  select
    account,
    created_at,
    alias,
    min(valid_from) as first_seen_at
  from stg_tokens
  group by
    account,
    created_at,
    alias
),

tokens as (
  select
    tokens.account,
    tokens.alias,
    tokens.created_at,
    tokens.expires_at,
    tokens.last_used_at,
    first_seen.first_seen_at,
    coalesce(tokens.created_at, first_seen.first_seen_at) as known_since
  from stg_tokens as tokens
  inner join readable
    on tokens.account = readable.account
  inner join first_seen
    on tokens.account = first_seen.account
    and tokens.created_at is not distinct from first_seen.created_at
    and tokens.alias is not distinct from first_seen.alias
  where tokens.is_current
),

judged as (
  select
    tokens.*,
    build.now,
    rules.min_days,
    rules.window_days,
    coalesce(tokens.expires_at <= build.now, false) as is_expired,
    coalesce(tokens.last_used_at, tokens.known_since) + to_days(rules.window_days) as unused_from,
    tokens.known_since + to_seconds(rules.min_days * 86400) as old_from
  from tokens
  cross join meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'old_token'
),

final as (
  select
    'old_token' as rule_id,
    'token' as resource_kind,
    concat_ws(' ', strftime(created_at, '%Y-%m-%dT%H:%M:%SZ'), alias, nullif(account, '')) as resource_id,
    alias as resource_name,
    null::varchar as organization_id,
    null::varchar as project_id,
    null::varchar as location,
    case
      when is_expired then expires_at
      when unused_from <= now then coalesce(last_used_at, known_since)
      else known_since
    end as idle_since,
    case
      when is_expired then expires_at
      -- The first of its reasons, but not before that by which it is idle.
      else greatest(least(unused_from, old_from), idle_since)
    end as reportable_from,
    first_seen_at as observed_from,
    concat_ws(
      '; ',
      case
        when is_expired then 'Expired on ' || strftime(expires_at, '%Y-%m-%d') || ', ' || datesub('day', expires_at, now) || ' days ago, and still listed'
      end,
      case
        when last_used_at is not null
          then 'last used on ' || strftime(last_used_at, '%Y-%m-%d') || ', ' || datesub('day', last_used_at, now) || ' days ago'
        else 'never used as far as the API says'
      end,
      'made on ' || strftime(known_since, '%Y-%m-%d') || ', ' || datesub('day', known_since, now) || ' days ago',
      case when not is_expired and expires_at is not null then 'valid until ' || strftime(expires_at, '%Y-%m-%d') end
    ) || '.' as sentence,
    null::decimal(38, 10) as monthly_waste,
    null::varchar as currency
  from judged
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
  upper(sentence[1]) || sentence[2:] as evidence,
  monthly_waste,
  currency
from final
