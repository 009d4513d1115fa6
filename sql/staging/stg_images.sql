/*
description: Images that the cloud offers, one row for each version.
grain: [account, image_id, valid_from]
columns:
  account: The account that it was read with; empty in a workspace of one.
  image_id: The image.
  image_name: Its name.
  description: What the API says of it.
  locations: Where it can be used.
  tags: Its tags.
  created_at: When it was made, UTC.
  valid_from: When it was first seen so, UTC.
  valid_to: When it was first seen otherwise or gone; null for what is current.
  is_current: Whether it still stands so.
*/
with final as (
  select
    coalesce(account, '') as account,
    id as image_id,
    name as image_name,
    description,
    list_sort(list_distinct(coalesce(json_extract_string(locations, '$[*]'), []))) as locations,
    list_sort(list_distinct(coalesce(json_extract_string(tags, '$[*]'), []))) as tags,
    created_at,
    _valid_from as valid_from,
    _valid_to as valid_to,
    _valid_to is null as is_current
  from raw.images
  where _valid_to is null or _valid_to > _valid_from
)

select
  account,
  image_id,
  image_name,
  description,
  locations,
  tags,
  created_at,
  valid_from,
  valid_to,
  is_current
from final
