/*
description: Each time that a rule found a resource, from the first build that did to the one that no longer did. It continues what earlier builds kept in meta.idle_episode, where it is kept in its turn when the build ends.
grain: [rule_id, resource_kind, resource_id, first_found_at]
columns:
  rule_id: The rule.
  resource_kind: What kind of resource it is.
  resource_id: The resource.
  first_found_at: The clock of the build that found it first, UTC.
  last_found_at: The clock of the last build that found it, UTC.
  closed_at: The clock of the first build that could tell that it is not so any more, UTC; null while none could.
  outcome: resolved, or withdrawn where not the resource has changed but what is judged; null while it stands.
  resource_name: Its name, as it was found last.
  organization_id: The organisation.
  project_id: The project.
  location: Where it is, or was.
  idle_since: Since when it was so, UTC.
  evidence: A sentence with the numbers, as it was found last.
  monthly_waste: What it cost in a month, as it was found last; null if unpriced.
  counted_monthly_waste: What of that no other finding counted.
  currency: The currency of both.
  first_seen_at: When tally could first tell, UTC.
  rule_settings: The numbers that the rule judged by.
*/
with rules as (
  select
    rule_id,
    is_enabled,
    rests_on,
    greatest(1, ceil(min_days), window_days)::integer as judged_days,
    concat_ws(
      ', ',
      'min_days ' || min_days,
      'threshold ' || threshold,
      'window_days ' || window_days
    ) as settings
  from int_idle_rules
),

-- What stood at the build's clock: of a build as of an earlier instant, nothing of later.
kept as (
  select
    episodes.* replace (
      least(episodes.last_found_at, build.now) as last_found_at,
      case when episodes.closed_at < build.now then episodes.closed_at end as closed_at,
      case when episodes.closed_at < build.now then episodes.outcome end as outcome
    )
  from meta.idle_episode as episodes
  cross join meta.build as build
  where episodes.first_found_at <= build.now
),

standing as (
  select *
  from kept
  where closed_at is null
),

found as (
  select
    findings.rule_id,
    findings.resource_kind,
    findings.resource_id,
    coalesce(standing.first_found_at, build.now) as first_found_at,
    build.now as last_found_at,
    null::timestamp as closed_at,
    null::varchar as outcome,
    findings.resource_name,
    findings.organization_id,
    findings.project_id,
    findings.location,
    findings.idle_since,
    findings.evidence,
    findings.monthly_waste,
    findings.counted_monthly_waste,
    findings.currency,
    findings.first_seen_at,
    rules.settings as rule_settings
  from int_findings as findings
  cross join meta.build as build
  inner join rules
    on findings.rule_id = rules.rule_id
  left join standing
    on findings.rule_id = standing.rule_id
    and findings.resource_kind = standing.resource_kind
    and findings.resource_id = standing.resource_id
),

missed as (
  select standing.*
  from standing
  left join int_findings as findings
    on standing.rule_id = findings.rule_id
    and standing.resource_kind = findings.resource_kind
    and standing.resource_id = findings.resource_id
  where findings.rule_id is null
),

needed as (
  select
    missed.rule_id,
    missed.resource_kind,
    missed.resource_id,
    missed.organization_id,
    missed.project_id,
    rules.judged_days,
    unnest(rules.rests_on) as need
  from missed
  inner join rules
    on missed.rule_id = rules.rule_id
),

-- A rule that rests on a list of every project needs each of them.
needed_lists as (
  select
    needed.*,
    need as stream,
    false as is_wide
  from needed
  where not starts_with(need, 'organization:')

  union all

  select
    needed.* replace (projects.project_id as project_id),
    replace(needed.need, 'organization:', '') as stream,
    true as is_wide
  from needed
  inner join int_projects as projects
    on needed.organization_id = projects.organization_id
    and projects.is_current
  where starts_with(needed.need, 'organization:')
),

reads as (
  select
    organization_id,
    project_id,
    stream,
    is_last_complete,
    last_read_at is not null as was_ever_read
  from int_inventory_reads

  union all

  select
    organization_id,
    project_id,
    stream,
    is_last_complete,
    last_read_at is not null as was_ever_read
  from int_series_reads
  where stream not in ('usage', 'resource_usage')
),

-- What was never read well can't be what a rule found it by, unless it needs every project.
list_checks as (
  select
    needed.rule_id,
    needed.resource_kind,
    needed.resource_id,
    coalesce(
      bool_and(coalesce(reads.is_last_complete, false) or (not needed.is_wide and not reads.was_ever_read)),
      not needed.is_wide
    ) as is_read
  from needed_lists as needed
  left join reads
    on needed.stream = reads.stream
    and (reads.organization_id is null or reads.organization_id = needed.organization_id)
    and (reads.project_id is null or reads.project_id = needed.project_id)
  where needed.stream not in ('usage', 'resource_usage')
  group by
    needed.rule_id,
    needed.resource_kind,
    needed.resource_id,
    needed.stream,
    needed.project_id,
    needed.is_wide
),

usage_checks as (
  select
    needed.rule_id,
    needed.resource_kind,
    needed.resource_id,
    count(coverage.usage_date) = needed.judged_days as is_read
  from needed_lists as needed
  cross join meta.build as build
  left join fct_usage_coverage as coverage
    on needed.project_id = coverage.project_id
    and needed.stream = coverage.stream
    and coverage.status = 'complete'
    and coverage.usage_date < build.today
    and coverage.usage_date >= build.today - needed.judged_days
  where needed.stream in ('usage', 'resource_usage')
    -- What belongs to no project of its own is judged by every one's usage, and says so.
    and needed.project_id is not null
    -- Nor can usage by resource be what a rule found it by, where that was never read whole.
    and (
      needed.stream = 'usage'
      or needed.project_id in (
        select project_id
        from fct_usage_coverage
        where stream = 'resource_usage'
          and status = 'complete'
      )
    )
  group by
    needed.rule_id,
    needed.resource_kind,
    needed.resource_id,
    needed.stream,
    needed.project_id,
    needed.judged_days
),

checked as (
  select
    rule_id,
    resource_kind,
    resource_id,
    bool_and(is_read) as is_read
  from (
    select * from list_checks
    union all
    select * from usage_checks
  )
  group by
    rule_id,
    resource_kind,
    resource_id
),

-- A rule that is off, and a list that could not be read, leave open whether it is still so.
judged as (
  select
    missed.*,
    case
      when rules.rule_id is null then 'withdrawn'
      when not rules.is_enabled then null
      when projects.status = 'gone' then 'withdrawn'
      when not coalesce(checked.is_read, true) then null
      when missed.rule_settings is distinct from rules.settings then 'withdrawn'
      else 'resolved'
    end as new_outcome
  from missed
  left join rules
    on missed.rule_id = rules.rule_id
  left join checked
    on missed.rule_id = checked.rule_id
    and missed.resource_kind = checked.resource_kind
    and missed.resource_id = checked.resource_id
  left join int_projects as projects
    on missed.project_id = projects.project_id
),

final as (
  select *
  from kept
  where closed_at is not null

  union all by name

  select *
  from found

  union all by name

  select
    judged.* exclude (new_outcome) replace (
      case when new_outcome is not null then build.now end as closed_at,
      new_outcome as outcome
    )
  from judged
  cross join meta.build as build
)

select
  rule_id,
  resource_kind,
  resource_id,
  first_found_at,
  last_found_at,
  closed_at,
  outcome,
  resource_name,
  organization_id,
  project_id,
  location,
  idle_since,
  evidence,
  monthly_waste,
  counted_monthly_waste,
  currency,
  first_seen_at,
  rule_settings
from final
