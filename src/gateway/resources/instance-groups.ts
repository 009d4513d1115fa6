import { type Answer, json, nothing } from "../answer.ts";
import { isoOf } from "../instant.ts";
import { desiredCountAt, isLiving, isRunning, living } from "../inventory.ts";
import { listOf, shaped } from "../paging.ts";
import { Refusal } from "../refusal.ts";
import { type Call, requireBody, requireOne, requireProject, requireWritableProject } from "../route.ts";
import type { InstanceGroup, Template } from "../state.ts";
import { newId, requireFreeName } from "../writing.ts";
import { membersOf, scaleGroup } from "./scaling.ts";
import { groupChange, newGroup } from "./vm-schemas.ts";

export const listInstanceGroups = (call: Call): Answer =>
  listOf(
    call,
    groupsOfProject(call).map((group) => groupBody(group, call)),
  );

export const getInstanceGroup = (call: Call): Answer =>
  json(shaped(call, groupBody(requireOne(call, groupsOfProject(call), "instance_group_id"), call)));

function groupsOfProject(call: Call): InstanceGroup[] {
  const project = requireProject(call);
  return living(call.organization.groups, call.at).filter(({ projectId }) => projectId === project.id);
}

function groupBody(group: InstanceGroup, { at, derived }: Call) {
  const vms = living(derived.inventory.vmsByGroup.get(group.id) ?? [], at);
  const active = vms.filter((vm) => isRunning(vm, at));
  return {
    active_instances: active.map(({ id }) => id),
    created_at: isoOf(group.createdAt),
    desired_count: desiredCountAt(group, at),
    id: group.id,
    inactive_instances: vms.filter((vm) => !active.includes(vm)).map(({ id }) => id),
    instances: vms.map(({ id }) => id),
    name: group.name,
    project_id: group.projectId,
    running_instance_count: active.length,
    state: "HEALTHY",
    template_id: group.templateId,
    updated_at: isoOf(
      Math.max(
        group.changedAt ?? group.createdAt,
        group.desiredCounts.findLast(({ from }) => from <= at)?.from ?? group.createdAt,
      ),
    ),
  };
}

export function postInstanceGroup(call: Call): Answer {
  const project = requireWritableProject(call);
  const order = requireBody(call, newGroup);
  const template = requireTemplate(call, order.template_id, project.id);
  requireFreeName(call, call.organization.groups, { name: order.name, projectId: project.id });
  const group: InstanceGroup = {
    id: newId(call),
    name: order.name,
    projectId: project.id,
    templateId: template.id,
    desiredCounts: [],
    createdAt: call.at,
    deletedAt: null,
  };
  scaleGroup(call, group, template, order.desired_count ?? 0);
  call.organization.groups.push(group);
  return json(shaped(call, groupBody(group, call)));
}

function requireTemplate({ organization, at }: Call, id: string, projectId: string): Template {
  const found = organization.templates.find(
    (template) => template.id === id && template.projectId === projectId && isLiving(template, at),
  );
  if (found) return found;
  throw new Refusal(400, `template_id: there is no ${JSON.stringify(id)} in this project`);
}

/** A new name or template takes effect at once; a new count is a matter of the VMs that come and go. */
export function patchInstanceGroup(call: Call): Answer {
  const project = requireWritableProject(call);
  const group = requireOne(call, groupsOfProject(call), "instance_group_id");
  const { name, template_id: templateId, desired_count: count } = requireBody(call, groupChange);
  const template = requireTemplate(call, templateId || group.templateId, project.id);
  if (name) {
    requireFreeName(call, call.organization.groups, { name, projectId: project.id, except: group.id });
  }
  // Without a value it is 0: that is how clients leave out what is zero.
  if (count) scaleGroup(call, group, template, count.value ?? 0);
  if (name) group.name = name;
  if (name || templateId) group.changedAt = call.at;
  group.templateId = template.id;
  return json(shaped(call, groupBody(group, call)));
}

export function deleteInstanceGroup(call: Call): Answer {
  requireWritableProject(call);
  const group = requireOne(call, groupsOfProject(call), "instance_group_id");
  const [member] = membersOf(call, group);
  if (member) throw new Refusal(409, `${member.name} is still in the instance group ${group.name}`);
  group.deletedAt = call.at;
  return nothing;
}
