/*
description: Templates that VMs are made from, one row for each version. Their scripts and keys are never read.
grain: [template_id, valid_from]
columns:
  organization_id: The organisation.
  project_id: The project.
  template_id: The template.
  template_name: Its name.
  vm_type: The type of the VMs.
  location: Where they are made.
  image_name: The image that they start from.
  is_custom_image: Whether that is one of the project's own.
  reservation_id: The reservation that they are to occupy.
  subnet_id: Their subnet.
  disk_count: How many disks each is made with.
  created_at: When it was made, UTC.
  valid_from: When it was first seen so, UTC.
  valid_to: When it was first seen otherwise or gone; null for what is current.
  is_current: Whether it still stands so.
*/
with final as (
  select
    organization_id,
    project_id,
    id as template_id,
    name as template_name,
    type as vm_type,
    location,
    coalesce(image_name, custom_image_name) as image_name,
    image_name is null and custom_image_name is not null as is_custom_image,
    reservation_id,
    subnet_id,
    coalesce(json_array_length(disks), 0)::integer as disk_count,
    created_at,
    _valid_from as valid_from,
    _valid_to as valid_to,
    _valid_to is null as is_current
  from raw.instance_templates
  where _valid_to is null or _valid_to > _valid_from
)

select
  organization_id,
  project_id,
  template_id,
  template_name,
  vm_type,
  location,
  image_name,
  is_custom_image,
  reservation_id,
  subnet_id,
  disk_count,
  created_at,
  valid_from,
  valid_to,
  is_current
from final
