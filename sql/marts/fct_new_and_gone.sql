/*
description: >-
  Every project and resource type that was ever used, with its first and last day of use, and whether it is new or gone
  by now. What was not read is neither.
grain: [kind, value]
columns:
  kind: project or resource_type.
  value: The project's id, or the resource type as it came.
  name: The project's name, or the resource type.
  first_usage_date: Its first day of use.
  last_usage_date: Its last day of use.
  days_known_before: Days just before the first use that were all read whole, and had none.
  days_read_since: Days after the last use that were read whole for each project that used it, and had none.
  days_unread_since: Days after the last use, up to yesterday, that were not.
  status: >-
    new with a first use in the last 28 days, after at least 28 known days without; gone with none in at least 28 days
    that were read, or where the API lists none of its projects any more; unread with none in the last 28 days, of
    which some were not read; else active.
  since: Since when it is new or gone; null for the others.
  message: What makes it so, in words; null where it is active.
tests:
  - not_null: [kind, value, name, first_usage_date, last_usage_date, days_known_before, days_read_since, status]
  - accepted_values:
      column: kind
      values: [project, resource_type]
  - accepted_values:
      column: status
      values: [new, gone, unread, active]
*/
with used as (
  select
    project_id,
    resource_type,
    min(first_used_date) as first_usage_date,
    max(last_used_date) as last_usage_date
  from int_usage_months
  where not is_exported
    and last_used_date is not null
  group by
    project_id,
    resource_type
),

-- A project that the API no longer lists is not read any more, and says nothing of the days since.
members as (
  select
    sides.kind,
    case when sides.kind = 'project' then used.project_id else used.resource_type end as value,
    case when sides.kind = 'project' then projects.project_name else used.resource_type end as name,
    used.project_id,
    coalesce(projects.status = 'gone', false) as is_delisted,
    case when projects.status = 'gone' then projects.last_seen_at::date end as delisted_on,
    min(used.first_usage_date) as first_usage_date,
    max(used.last_usage_date) as last_usage_date
  from used
  left join int_projects as projects
    on used.project_id = projects.project_id
  cross join (select unnest(['project', 'resource_type']) as kind) as sides
  where sides.kind = 'project'
    or used.resource_type is not null
  group by all
),

subjects as (
  select
    members.kind,
    members.value,
    coalesce(max(members.name), members.value) as name,
    min(members.first_usage_date) as first_usage_date,
    max(members.last_usage_date) as last_usage_date,
    count(distinct members.project_id) filter (where not members.is_delisted) as listed_projects,
    max(members.delisted_on) as delisted_on,
    greatest(max(build.today) - 1, max(members.last_usage_date)) as last_date
  from members
  cross join meta.build as build
  group by
    members.kind,
    members.value
),

-- Days before the first use, by the projects that began with it.
days_ahead as (
  select
    subjects.kind,
    subjects.value,
    members.project_id,
    subjects.first_usage_date - days.usage_date as days_ahead,
    row_number() over (
      partition by subjects.kind, subjects.value, members.project_id
      order by days.usage_date desc
    ) as whole_days_ahead
  from subjects
  inner join members
    on subjects.kind = members.kind
    and subjects.value = members.value
    and subjects.first_usage_date = members.first_usage_date
  inner join int_usage_read_days as days
    on members.project_id = days.project_id
    and subjects.first_usage_date > days.usage_date
  where days.is_whole
),

known_before as (
  select
    kind,
    value,
    min(days) as days
  from (
    select
      kind,
      value,
      project_id,
      max(days_ahead) filter (where days_ahead = whole_days_ahead) as days
    from days_ahead
    group by
      kind,
      value,
      project_id
  )
  group by
    kind,
    value
),

-- Of those projects that the API still lists, all have to be read for a day without use to be one.
days_since as (
  select
    subjects.kind,
    subjects.value,
    days.usage_date
  from subjects
  inner join members
    on subjects.kind = members.kind
    and subjects.value = members.value
  inner join int_usage_read_days as days
    on members.project_id = days.project_id
    and subjects.last_usage_date < days.usage_date
    and subjects.last_date >= days.usage_date
  where days.is_whole
    and not members.is_delisted
  group by
    subjects.kind,
    subjects.value,
    days.usage_date
  having count(distinct members.project_id) = max(subjects.listed_projects)
),

read_since as (
  select
    kind,
    value,
    count(*) as days
  from days_since
  group by
    kind,
    value
),

measured as (
  select
    subjects.*,
    -- Where several projects began on one day, each has to be known before it.
    case
      when known_before.days is null then 0
      when begun.projects > begun.known_projects then 0
      else known_before.days
    end::integer as days_known_before,
    coalesce(read_since.days, 0)::integer as days_read_since,
    (subjects.last_date - subjects.last_usage_date - coalesce(read_since.days, 0))::integer as days_unread_since
  from subjects
  left join known_before
    on subjects.kind = known_before.kind
    and subjects.value = known_before.value
  left join read_since
    on subjects.kind = read_since.kind
    and subjects.value = read_since.value
  left join (
    select
      members.kind,
      members.value,
      count(distinct members.project_id) as projects,
      count(distinct days_ahead.project_id) as known_projects
    from members
    inner join subjects
      on members.kind = subjects.kind
      and members.value = subjects.value
      and members.first_usage_date = subjects.first_usage_date
    left join days_ahead
      on members.kind = days_ahead.kind
      and members.value = days_ahead.value
      and members.project_id = days_ahead.project_id
      and days_ahead.days_ahead = 1
    group by
      members.kind,
      members.value
  ) as begun
    on subjects.kind = begun.kind
    and subjects.value = begun.value
),

judged as (
  select
    *,
    case
      when listed_projects = 0 then 'gone'
      when last_usage_date <= last_date - 28 and days_read_since >= 28 then 'gone'
      when last_usage_date <= last_date - 28 then 'unread'
      when first_usage_date > last_date - 28 and days_known_before >= 28 then 'new'
      else 'active'
    end as status
  from measured
),

final as (
  select
    kind,
    value,
    name,
    first_usage_date,
    last_usage_date,
    days_known_before,
    days_read_since,
    days_unread_since,
    status,
    case status
      when 'new' then first_usage_date
      when 'gone' then last_usage_date + 1
    end as since,
    case
      when status = 'new'
        then 'First used on ' || first_usage_date || ', after ' || days_known_before || ' days that were read and had none.'
      when status = 'gone' and listed_projects = 0
        then 'Last used on ' || last_usage_date || '; last listed on ' || delisted_on || '.'
      when status = 'gone'
        then 'Last used on ' || last_usage_date || '; ' || days_read_since || ' days since were read and had none'
          || case when days_unread_since > 0 then ', ' || days_unread_since || ' were not read.' else '.' end
      when status = 'unread'
        then 'Last used on ' || last_usage_date || '; ' || days_unread_since || ' of the '
          || (days_read_since + days_unread_since) || ' days since were not read, so it need not be gone.'
    end as message
  from judged
)

select
  kind,
  value,
  name,
  first_usage_date,
  last_usage_date,
  days_known_before,
  days_read_since,
  days_unread_since,
  status,
  since,
  message
from final
