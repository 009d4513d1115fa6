/*
description: Where usage by project and usage by resource lie apart, with what explains it.
grain: [series_id, usage_date]
columns:
  series_id: The series.
  usage_date: The UTC day.
  status: explained or unexplained.
  explanation: Why, in words.
*/
with apart_sides as (
  select
    sides.series_id,
    series.organization_id,
    sides.usage_date,
    series.project_id,
    series.type_key,
    sides.usage_quantity,
    sides.resource_usage_quantity,
    sides.resource_row_count
  from int_usage_sides as sides
  inner join int_usage_series as series
    on sides.series_id = series.series_id
  where sides.resource_outcome = 'apart'
),

coverage as (
  select
    project_id,
    usage_date,
    max(status) filter (where stream = 'usage') as usage_status,
    max(read_at) filter (where stream = 'usage') as usage_read_at,
    max(message) filter (where stream = 'usage') as usage_message,
    max(status) filter (where stream = 'resource_usage') as resource_status,
    max(read_at) filter (where stream = 'resource_usage') as resource_read_at,
    max(message) filter (where stream = 'resource_usage') as resource_message
  from fct_usage_coverage
  where (project_id, usage_date) in (select (project_id, usage_date) from apart_sides)
  group by
    project_id,
    usage_date
),

apart as (
  select
    sides.*,
    coverage.usage_status,
    coverage.usage_read_at,
    coverage.usage_message,
    coverage.resource_status,
    coverage.resource_read_at,
    coverage.resource_message
  from apart_sides as sides
  left join coverage
    on sides.project_id = coverage.project_id
    and sides.usage_date = coverage.usage_date
),

-- Read in one run both know the same; else a value that came to be known between the two reads explains it.
apart_in_time as (
  select distinct
    organization_id,
    usage_date,
    project_id,
    type_key,
    least(usage_read_at, resource_read_at) as earlier_read_at
  from apart
  where usage_read_at <> resource_read_at
),

restated as (
  select distinct
    apart_in_time.organization_id,
    apart_in_time.usage_date,
    apart_in_time.project_id,
    apart_in_time.type_key
  from apart_in_time
  inner join (
    select
      organization_id,
      project_id,
      usage_date,
      resource_type,
      coalesce(_known_to, _known_from) as changed_at
    from raw.usage

    union all

    select
      organization_id,
      project_id,
      usage_date,
      resource_type,
      coalesce(_known_to, _known_from)
    from raw.resource_usage
  ) as changes
    on apart_in_time.organization_id = changes.organization_id
    and apart_in_time.project_id = changes.project_id
    and apart_in_time.usage_date = changes.usage_date
    and changes.changed_at > apart_in_time.earlier_read_at
  inner join int_match_keys as types
    on types.kind = 'type'
    and changes.resource_type = types.spelling
    and apart_in_time.type_key = types.match_key
),

final as (
  select
    apart.series_id,
    apart.usage_date,
    case
      when apart.usage_status is distinct from 'complete'
        then 'The usage by project of this day was not read whole' || coalesce(': ' || apart.usage_message, '.')
      when apart.resource_status is distinct from 'complete'
        then 'The usage by resource of this day was not read whole' || coalesce(': ' || apart.resource_message, '.')
      when restated.project_id is not null
        then 'Usage by project was last read at ' || strftime(apart.usage_read_at, '%Y-%m-%d %H:%M')
          || ', by resource at ' || strftime(apart.resource_read_at, '%Y-%m-%d %H:%M')
          || ', and other values came to be known in between.'
      when least(apart.usage_read_at, apart.resource_read_at) < apart.usage_date + interval 26 hour
        then 'Read less than two hours after the day had ended, when usage still settles.'
    end as reason,
    'By project it is ' || rtrim(rtrim(apart.usage_quantity::varchar, '0'), '.')
    || ', by resource ' || rtrim(rtrim(apart.resource_usage_quantity::varchar, '0'), '.')
    || ' in ' || apart.resource_row_count || case when apart.resource_row_count = 1 then ' row.' else ' rows.' end
      as figures
  from apart
  left join restated
    on apart.organization_id = restated.organization_id
    and apart.usage_date = restated.usage_date
    and apart.project_id = restated.project_id
    and apart.type_key = restated.type_key
)

select
  series_id,
  usage_date,
  case when reason is null then 'unexplained' else 'explained' end as status,
  coalesce(reason, figures) as explanation
from final
