/*
description: Snapshots as they were seen over time, one row for each version.
grain: [snapshot_id, valid_from]
columns:
  organization_id: The organisation.
  snapshot_id: The snapshot.
  snapshot_name: Its name.
  project_id: The project.
  source_disk_id: The disk that it was taken of.
  size_gib: Its size in GiB; null where the API's text can't be read.
  created_at: When it was made, UTC.
  updated_at: When it was last changed, as of the opening of this version, UTC.
  valid_from: When it was first seen so, UTC.
  valid_to: When it was first seen otherwise or gone; null for what is current.
  is_current: Whether it still stands so.
tests:
  - not_null: [snapshot_id, valid_from, is_current]
  - not_null: [size_gib]
    severity: warn
  - relationship: {column: project_id, model: dim_project, to: project_id}
  - range: {column: size_gib, min: 0}
*/
with final as (
  select
    organization_id,
    snapshot_id,
    snapshot_name,
    project_id,
    source_disk_id,
    size_gib,
    created_at,
    updated_at,
    valid_from,
    valid_to,
    is_current
  from stg_snapshots
)

select
  organization_id,
  snapshot_id,
  snapshot_name,
  project_id,
  source_disk_id,
  size_gib,
  created_at,
  updated_at,
  valid_from,
  valid_to,
  is_current
from final
