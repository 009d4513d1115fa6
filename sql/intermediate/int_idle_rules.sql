/*
description: The idle rules with the settings in force, by tally.toml or else by their defaults.
grain: [rule_id]
columns:
  rule_id: The rule.
  position: Its place among the rules; the first of several that speak of the same cost counts it.
  title: What it finds.
  resource_kind: What kind of resource it judges.
  severity: high, medium or low.
  is_enabled: Whether its findings are reported.
  min_days: For how many days a thing must be so before it is reported; null where the rule has no such number.
  threshold: The number that the rule judges by; null where it has none.
  threshold_unit: What the threshold is a number of.
  window_days: Over how many days it is judged; null where it is by what stands now.
  rests_on: The streams that it needs, that of the judged resource first.
*/
with final as (
  select
    rules.rule_id,
    rules.source_line as position,
    rules.title,
    rules.resource_kind,
    rules.severity,
    coalesce(settings.is_enabled, true) as is_enabled,
    coalesce(settings.min_days, rules.min_days)::decimal(12, 4) as min_days,
    coalesce(settings.threshold, rules.threshold)::decimal(18, 8) as threshold,
    rules.threshold_unit,
    coalesce(settings.window_days, rules.window_days) as window_days,
    string_split(rules.rests_on, ' ') as rests_on
  from reference.idle_rules as rules
  left join meta.idle_setting as settings
    on rules.rule_id = settings.rule_id
)

select
  rule_id,
  position,
  title,
  resource_kind,
  severity,
  is_enabled,
  min_days,
  threshold,
  threshold_unit,
  window_days,
  rests_on
from final
