/*
description: The rules that find idle resources, with the settings in force, what each found, and why one is silent that can't tell.
grain: [rule_id]
columns:
  rule_id: The rule.
  rule_title: What it finds.
  resource_kind: What kind of resource it judges.
  severity: high, medium or low.
  meaning: What a finding means.
  action: What to do about it.
  is_enabled: Whether it is in force; tally.toml can switch it off.
  min_days: For how many days a thing must be so before it is reported; null where the rule has no such number.
  threshold: The number that the rule judges by; null where it has none.
  threshold_unit: What the threshold is a number of.
  window_days: Over how many days it is judged; null where it is by what stands now.
  rests_on: The streams that it needs, that of the judged resource first.
  open_count: Its open findings.
  silence: Of what it rests on, what is not offered, was never read or could not be read last time, so that it may be silent where something is idle; null where all is there.
tests:
  - not_null: [rule_id, rule_title, resource_kind, severity, meaning, action, is_enabled, rests_on, open_count]
  - accepted_values:
      column: severity
      values: [high, medium, low]
*/
with needed as (
  select
    rule_id,
    unnest(list_distinct(list_transform(rests_on, lambda need : replace(need, 'organization:', '')))) as stream
  from int_idle_rules
),

reads as (
  select
    stream,
    last_status
  from int_inventory_reads

  union all

  select
    stream,
    last_status
  from int_series_reads
),

streams as (
  select
    stream,
    count(*) as list_count,
    count(*) filter (where last_status = 'not_offered') as not_offered_count,
    count(*) filter (where last_status not in ('complete', 'not_offered')) as failed_count
  from reads
  group by stream
),

gaps as (
  select
    needed.rule_id,
    string_agg(
      case
        when streams.stream is null then needed.stream || ' was never read'
        when streams.not_offered_count = streams.list_count then needed.stream || ' is not offered'
        when streams.failed_count = streams.list_count then needed.stream || ' could not be read last time'
        else needed.stream || ' is missing for ' || (streams.not_offered_count + streams.failed_count) || ' of '
          || streams.list_count
      end,
      '; '
      order by needed.stream
    ) as silence
  from needed
  left join streams
    on needed.stream = streams.stream
  where streams.stream is null
    or streams.not_offered_count + streams.failed_count > 0
  group by needed.rule_id
),

open_findings as (
  select
    rule_id,
    count(*) as open_count
  from int_findings
  where not is_suppressed
  group by rule_id
),

final as (
  select
    rules.rule_id,
    rules.title as rule_title,
    rules.resource_kind,
    rules.severity,
    described.meaning,
    described.action,
    rules.is_enabled,
    rules.min_days,
    rules.threshold,
    rules.threshold_unit,
    rules.window_days,
    rules.rests_on,
    coalesce(open_findings.open_count, 0)::integer as open_count,
    gaps.silence
  from int_idle_rules as rules
  inner join reference.idle_rules as described
    on rules.rule_id = described.rule_id
  left join open_findings
    on rules.rule_id = open_findings.rule_id
  left join gaps
    on rules.rule_id = gaps.rule_id
)

select
  rule_id,
  rule_title,
  resource_kind,
  severity,
  meaning,
  action,
  is_enabled,
  min_days,
  threshold,
  threshold_unit,
  window_days,
  rests_on,
  open_count,
  silence
from final
