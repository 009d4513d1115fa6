/*
description: Images of a project that no template names and no VM was made from by one. Silent for an organisation unless the templates of all its projects were read well last time, and for a project unless its images and VMs were.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: image.
  resource_id: The image.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Where it can be used, if that is one place.
  idle_since: Since when nothing uses it, UTC.
  reportable_from: From when it is long enough to tell, UTC.
  observed_from: When the image was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: Null, since the API does not tell its size.
  currency: The currency of that.
*/
-- That nothing uses an image shows only where every list was read that could name it.
with reads as (
  select
    projects.organization_id,
    bool_and(coalesce(templates.is_last_complete, false)) as is_complete
  from int_projects as projects
  left join int_inventory_reads as templates
    on projects.organization_id = templates.organization_id
    and projects.project_id = templates.project_id
    and templates.stream = 'instance_templates'
  where projects.is_current
  group by projects.organization_id
),

own_reads as (
  select
    organization_id,
    project_id
  from int_inventory_reads
  where stream in ('custom_images', 'vms')
    and is_last_complete
  group by
    organization_id,
    project_id
  having count(*) = 2
),

-- A template uses its image while it stands, and while a VM that was made from it does.
uses as (
  select
    templates.organization_id,
    templates.image_name,
    bool_or(templates.is_current or coalesce(vms.is_current, false)) as is_in_use,
    max(greatest(templates.valid_to, vms.valid_to)) as last_used_at
  from stg_instance_templates as templates
  left join stg_vms as vms
    on templates.template_id = vms.instance_template_id
  where templates.image_name is not null
  group by
    templates.organization_id,
    templates.image_name
),

image_uses as (
  select
    images.image_id,
    bool_or(uses.is_in_use) as is_in_use,
    max(uses.last_used_at) as last_used_at
  from stg_custom_images as images
  inner join uses
    on images.organization_id = uses.organization_id
    and (images.image_name = uses.image_name or images.image_id = uses.image_name)
  where images.is_current
  group by images.image_id
),

first_seen as (
  select
    image_id,
    min(valid_from) as first_seen_at
  from stg_custom_images
  group by image_id
),

unused as (
  select
    images.organization_id,
    images.project_id,
    images.image_id,
    images.image_name,
    images.locations,
    images.created_at,
    first_seen.first_seen_at,
    image_uses.last_used_at,
    greatest(image_uses.last_used_at, coalesce(images.created_at, first_seen.first_seen_at)) as unused_since
  from stg_custom_images as images
  inner join reads
    on images.organization_id = reads.organization_id
    and reads.is_complete
  inner join own_reads
    on images.organization_id = own_reads.organization_id
    and images.project_id = own_reads.project_id
  inner join first_seen
    on images.image_id = first_seen.image_id
  left join image_uses
    on images.image_id = image_uses.image_id
  where images.is_current
    and not coalesce(image_uses.is_in_use, false)
),

final as (
  select
    'unused_image' as rule_id,
    'image' as resource_kind,
    unused.image_id as resource_id,
    unused.image_name as resource_name,
    unused.organization_id,
    unused.project_id,
    case when len(unused.locations) = 1 then unused.locations[1] end as location,
    unused.unused_since as idle_since,
    unused.unused_since + to_seconds(rules.min_days * 86400) as reportable_from,
    unused.first_seen_at as observed_from,
    'No template names it'
    || case
      when unused.last_used_at is not null
        then ' since ' || strftime(unused.last_used_at, '%Y-%m-%d') || ', nor was any VM that stands made from one that did'
      else ', nor did one ever, though it was made on ' || strftime(unused.unused_since, '%Y-%m-%d')
    end
    || ', ' || datesub('day', unused.unused_since, build.now)
    || ' days; whether a VM was made from it directly, the API does not tell, nor how large it is, so it has no price.'
      as evidence,
    null::decimal(38, 10) as monthly_waste,
    null::varchar as currency
  from unused
  cross join meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'unused_image'
)

select
  rule_id,
  resource_kind,
  resource_id,
  resource_name,
  organization_id,
  project_id,
  location,
  idle_since,
  reportable_from,
  observed_from,
  evidence,
  monthly_waste,
  currency
from final
