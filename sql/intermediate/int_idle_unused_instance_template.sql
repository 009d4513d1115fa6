/*
description: Templates that no group names and no VM was made from. Silent for a project unless its templates, groups and VMs were read well last time.
grain: [resource_id]
columns:
  rule_id: The rule.
  resource_kind: instance_template.
  resource_id: The template.
  resource_name: Its name.
  organization_id: The organisation.
  project_id: The project.
  location: Where its VMs would be.
  idle_since: Since when nothing uses it, UTC.
  reportable_from: From when it is long enough to tell, UTC.
  observed_from: When the template was first seen, UTC.
  evidence: A sentence with the numbers.
  monthly_waste: Null, since a template is not billed.
  currency: The currency of that.
*/
-- That nothing uses a template shows only where the lists were read that could name it.
with reads as (
  select
    organization_id,
    project_id
  from int_inventory_reads
  where stream in ('instance_templates', 'instance_groups', 'vms')
    and is_last_complete
  group by
    organization_id,
    project_id
  having count(*) = 3
),

uses as (
  select
    template_id,
    is_current,
    valid_to
  from stg_instance_groups

  union all

  select
    instance_template_id,
    is_current,
    valid_to
  from stg_vms
  where instance_template_id is not null
),

template_uses as (
  select
    template_id,
    bool_or(is_current) as is_in_use,
    max(valid_to) as last_used_at
  from uses
  group by template_id
),

first_seen as (
  select
    template_id,
    min(valid_from) as first_seen_at
  from stg_instance_templates
  group by template_id
),

unused as (
  select
    templates.*,
    first_seen.first_seen_at,
    template_uses.last_used_at,
    greatest(template_uses.last_used_at, coalesce(templates.created_at, first_seen.first_seen_at)) as unused_since
  from stg_instance_templates as templates
  inner join reads
    on templates.organization_id = reads.organization_id
    and templates.project_id = reads.project_id
  inner join first_seen
    on templates.template_id = first_seen.template_id
  left join template_uses
    on templates.template_id = template_uses.template_id
  where templates.is_current
    and not coalesce(template_uses.is_in_use, false)
),

final as (
  select
    'unused_instance_template' as rule_id,
    'instance_template' as resource_kind,
    unused.template_id as resource_id,
    unused.template_name as resource_name,
    unused.organization_id,
    unused.project_id,
    unused.location,
    unused.unused_since as idle_since,
    unused.unused_since + to_seconds(rules.min_days * 86400) as reportable_from,
    unused.first_seen_at as observed_from,
    'No group is made from it and no VM was'
    || case
      when unused.last_used_at is not null then ' since ' || strftime(unused.last_used_at, '%Y-%m-%d')
      else ' as far as known, though it was made on ' || strftime(unused.unused_since, '%Y-%m-%d')
    end
    || ', ' || datesub('day', unused.unused_since, build.now) || ' days; a template of '
    || coalesce(unused.vm_type, 'an unknown type') || ' is not billed, so it has no price.' as evidence,
    null::decimal(38, 10) as monthly_waste,
    null::varchar as currency
  from unused
  cross join meta.build as build
  inner join int_idle_rules as rules
    on rules.rule_id = 'unused_instance_template'
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
