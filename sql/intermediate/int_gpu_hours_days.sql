/*
description: The days of the trend, from the first on which any GPU was used.
grain: [usage_date]
columns:
  usage_date: The UTC day.
  is_over: Whether it lies before today. All do, but where usage lies after today.
*/
with usage_span as (
  select
    min(usage_date) as first_date,
    max(usage_date) as last_date
  from fct_gpu_hours_daily
),

-- It ends yesterday, since today is partial, or on the last day of usage where that lies after today.
days as (
  select
    unnest(
      generate_series(
        usage_span.first_date,
        case when usage_span.last_date > build.today then usage_span.last_date else build.today - 1 end,
        interval 1 day
      )
    )::date as usage_date
  from usage_span
  cross join meta.build as build
),

final as (
  select
    days.usage_date,
    days.usage_date < build.today as is_over
  from days
  cross join meta.build as build
)

select
  usage_date,
  is_over
from final
