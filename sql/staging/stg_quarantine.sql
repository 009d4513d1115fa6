/*
description: Rows of answers that could not be read and were put aside, never with their values.
grain: [load_id, file, path]
columns:
  load_id: The load that they came with.
  stream: The stream, such as usage.
  organization_id: The organisation.
  project_id: The project, where it could be read.
  path: Where it stands in the answer, such as items[3].quantity.
  reason: What is wrong with it.
  file: The landed file that it is in.
  quarantined_at: When it was read, UTC.
*/
with final as (
  select
    load_id,
    stream,
    organization_id,
    project_id,
    path,
    reason,
    file,
    quarantined_at
  from raw.quarantine
)

select
  load_id,
  stream,
  organization_id,
  project_id,
  path,
  reason,
  file,
  quarantined_at
from final
