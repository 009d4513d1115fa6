/*
description: The days for which an organisation has usage, by what usage/options says now, up to yesterday.
grain: [organization_id, usage_date]
columns:
  organization_id: The organisation.
  usage_date: The UTC day.
*/
with final as (
  select
    options.organization_id,
    unnest(
      generate_series(options.start_date, least(options.end_date, build.today - 1), interval 1 day)
    )::date as usage_date
  from stg_usage_options as options
  cross join meta.build as build
  where options.start_date <= least(options.end_date, build.today - 1)
)

select
  organization_id,
  usage_date
from final
