/*
description: Days of usage with whether they were read whole after they had ended, so that a missing row means that there was none.
grain: [project_id, usage_date]
incremental: {by: usage_date, follows: [fct_usage_coverage]}
columns:
  organization_id: The organisation.
  project_id: The project.
  usage_date: The UTC day.
  is_whole: Whether the day was read whole after its end; otherwise it is known in part or not at all.
*/
with final as (
  select
    organization_id,
    project_id,
    usage_date,
    status = 'complete' as is_whole
  from fct_usage_coverage
  where stream = 'usage'
)

select
  organization_id,
  project_id,
  usage_date,
  is_whole
from final
