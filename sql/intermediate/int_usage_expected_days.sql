/*
description: The days for which an organisation has usage, by what usage/options says now, up to yesterday; all of them up to then where it could not be asked.
grain: [organization_id, usage_date]
columns:
  organization_id: The organisation.
  usage_date: The UTC day.
*/
with spans as (
  select
    options.organization_id,
    options.start_date,
    case when outages.scope is null then least(options.end_date, build.today - 1) else build.today - 1 end as end_date
  from stg_usage_options as options
  cross join meta.build as build
  left join int_outages as outages
    on outages.scope = 'organization'
    and options.organization_id = outages.scope_value
),

final as (
  select
    organization_id,
    unnest(generate_series(start_date, end_date, interval 1 day))::date as usage_date
  from spans
  where start_date <= end_date
)

select
  organization_id,
  usage_date
from final
