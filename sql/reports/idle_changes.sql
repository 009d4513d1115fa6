/*
description: >-
  What came and went among idle resources in the period, found for the first time, or seen to be mended, with what that
  saves in a month.
grain: [change, rule_id, resource_kind, resource_id, changed_at]
columns:
  change: found or resolved.
  changed_at: When tally found it so, UTC.
  rule_id: The rule.
  rule_title: What the rule finds.
  resource_kind: What kind of resource it is.
  resource_id: The resource.
  resource_name: Its name.
  project_id: The project; null where it belongs to none.
  project_name: The project's latest name.
  monthly_amount: What it wastes in a month, or what was saved of that by mending it, each cost counted once; null without a price.
  currency: The currency of the amount.
*/
-- Parameters: $period_start, $period_end (exclusive).

with titles as (
  select
    rule_id,
    rule_title
  from dim_idle_rule
),

changes as (
  select
    'found' as change,
    first_found_at as changed_at,
    *
  from fct_idle_episodes

  union all

  select
    'resolved' as change,
    closed_at as changed_at,
    *
  from fct_idle_episodes
  where outcome = 'resolved'
),

final as (
  select
    changes.change,
    changes.changed_at,
    changes.rule_id,
    coalesce(titles.rule_title, changes.rule_id) as rule_title,
    changes.resource_kind,
    changes.resource_id,
    changes.resource_name,
    changes.project_id,
    changes.project_name,
    case
      when changes.change = 'resolved' then changes.saved_per_month
      else changes.counted_monthly_waste
    end as monthly_amount,
    changes.currency
  from changes
  left join titles
    on changes.rule_id = titles.rule_id
  where changes.changed_at >= cast($period_start as timestamp)
    and changes.changed_at < cast($period_end as timestamp)
)

select
  change,
  changed_at,
  rule_id,
  rule_title,
  resource_kind,
  resource_id,
  resource_name,
  project_id,
  project_name,
  monthly_amount,
  currency
from final
order by
  change desc,
  monthly_amount desc nulls last,
  changed_at,
  rule_id,
  resource_kind,
  resource_id
