/*
description: >-
  What moved GPU-hours most against the period before, by project, GPU type and region, the ten largest changes of each
  in either direction.
grain: [kind, value]
columns:
  kind: project, gpu_type or region.
  value: The project's id, the GPU type or the region; null for usage that names none.
  name: Its name to be read.
  gpu_hours: The GPU-hours of the period.
  previous_gpu_hours: Those of the days before that it is compared with.
  change_gpu_hours: The first less the second.
  cost: What the period's GPU-hours cost in the currency of the report; null where none of them has a price in it.
  previous_cost: What those of the days before cost.
  change_cost: The first less the second; null where one of them is.
  since: Since when it is new or gone, where it is; null otherwise.
  status: new or gone, where it is so by 28 days; null otherwise.
*/
-- Parameters: $period_start, $period_end, $previous_start, $previous_end (ends exclusive).

with gpu_usage as (
  select
    usage_date >= cast($period_start as date) as is_current,
    project_id,
    project_name,
    gpu_type,
    region,
    gpu_hours,
    case when currency = (select currency from meta_build) then cost end as cost
  from fct_cost_daily
  where gpu_hours is not null
    and (
      (usage_date >= cast($period_start as date) and usage_date < cast($period_end as date))
      or (usage_date >= cast($previous_start as date) and usage_date < cast($previous_end as date))
    )
),

by_kind as (
  select
    'project' as kind,
    project_id as value,
    project_name as name,
    is_current,
    gpu_hours,
    cost
  from gpu_usage

  union all

  select
    'gpu_type',
    gpu_type,
    gpu_type,
    is_current,
    gpu_hours,
    cost
  from gpu_usage

  union all

  select
    'region',
    region,
    region,
    is_current,
    gpu_hours,
    cost
  from gpu_usage
),

sums as (
  select
    kind,
    value,
    max(name) as name,
    coalesce(sum(gpu_hours) filter (where is_current), 0)::decimal(38, 12) as gpu_hours,
    coalesce(sum(gpu_hours) filter (where not is_current), 0)::decimal(38, 12) as previous_gpu_hours,
    sum(cost) filter (where is_current)::decimal(38, 10) as cost,
    sum(cost) filter (where not is_current)::decimal(38, 10) as previous_cost
  from by_kind
  group by
    kind,
    value
),

final as (
  select
    sums.kind,
    sums.value,
    sums.name,
    sums.gpu_hours,
    sums.previous_gpu_hours,
    (sums.gpu_hours - sums.previous_gpu_hours)::decimal(38, 12) as change_gpu_hours,
    sums.cost,
    sums.previous_cost,
    (sums.cost - sums.previous_cost)::decimal(38, 10) as change_cost,
    case when changed.status in ('new', 'gone') then changed.since end as since,
    case when changed.status in ('new', 'gone') then changed.status end as status
  from sums
  left join fct_new_and_gone as changed
    on sums.kind = 'project'
    and changed.kind = 'project'
    and changed.value = sums.value
  where sums.gpu_hours <> sums.previous_gpu_hours
  qualify row_number() over (
    partition by sums.kind
    order by abs(sums.gpu_hours - sums.previous_gpu_hours) desc, sums.value nulls last
  ) <= 10
)

select
  kind,
  value,
  name,
  gpu_hours,
  previous_gpu_hours,
  change_gpu_hours,
  cost,
  previous_cost,
  change_cost,
  since,
  status
from final
order by
  case kind when 'project' then 0 when 'gpu_type' then 1 else 2 end,
  abs(change_gpu_hours) desc,
  value nulls last
