/*
description: The sum of each day's usage in fct_usage_daily is that of the rows as they came.
severity: error
*/
with came as (
  select
    usage_date,
    sum(quantity) as quantity
  from raw.usage
  where _known_to is null
  group by usage_date
),

published as (
  select
    usage_date,
    sum(quantity) as quantity
  from fct_usage_daily
  group by usage_date
),

final as (
  select
    coalesce(came.usage_date, published.usage_date) as usage_date,
    came.quantity as quantity_came,
    published.quantity as quantity_published
  from came
  full join published
    on came.usage_date = published.usage_date
  where came.quantity is distinct from published.quantity
)

select
  usage_date,
  quantity_came,
  quantity_published
from final
