import { type Answer, json, nothing } from "../answer.ts";
import { holds, type Instant } from "../instant.ts";
import { living } from "../inventory.ts";
import { listOf, shaped } from "../paging.ts";
import { requireWritable } from "../permissions.ts";
import { booleanParameter, parameter, requiredParameter } from "../query.ts";
import { Refusal } from "../refusal.ts";
import {
  type Call,
  requireBody,
  requireOwnOrganization,
  requireProject,
  requireProjectOf,
  requireWritableProject,
} from "../route.ts";
import type { Disk, Lifetime, Project } from "../state.ts";
import { deleteVm } from "../vm-history.ts";
import { newId } from "../writing.ts";
import { newProject, projectChange } from "./account-schemas.ts";

export function listProjects(call: Call): Answer {
  const organizationId = parameter(call.query, "org_id");
  const name = parameter(call.query, "project_name");
  const isShort = booleanParameter(call.query, "skip_loading_project_resources") ?? false;
  const projects = living(call.organization.projects, call.at).filter(
    (project) =>
      (!organizationId || organizationId === call.organization.id) && (!name || project.name === name),
  );
  return listOf(
    call,
    projects.map((project) => projectBody(call, project, isShort)),
  );
}

export const getProject = (call: Call): Answer =>
  json(shaped(call, projectBody(call, requireProject(call), false)));

export function postProject(call: Call): Answer {
  const { name, organization_id: organizationId } = requireBody(call, newProject);
  requireOwnOrganization(call, organizationId);
  requireFreeProjectName(call, name);
  const project: Project = { id: newId(call), name, relation: "owner", createdAt: call.at, deletedAt: null };
  call.organization.projects.push(project);
  return json({ project: shaped(call, projectBody(call, project, false)) });
}

export function putProject(call: Call): Answer {
  const project = requireProjectOf(call, requiredParameter(call.query, "project_id"));
  requireWritable(project);
  const { name } = requireBody(call, projectChange);
  requireFreeProjectName(call, name, project.id);
  project.name = name;
  return json({ project: shaped(call, projectBody(call, project, false)) });
}

function requireFreeProjectName(call: Call, name: string, except?: string): void {
  const isTaken = living(call.organization.projects, call.at).some(
    (project) => project.name === name && project.id !== except,
  );
  if (isTaken) throw new Refusal(409, `the name ${JSON.stringify(name)} is taken`);
}

/** VMs and what is only there for them go with their project; what holds data must be deleted by hand before. */
export function deleteProject(call: Call): Answer {
  const project = requireWritableProject(call);
  const { organization, derived, at } = call;
  const [pending] = derived.operations.ofProject(project.id).filter(({ completedAt }) => completedAt > at);
  if (pending) {
    throw new Refusal(409, `${pending.resourceName}: its ${pending.action} is still under way`);
  }
  const inProject = (resource: { projectId: string | null }) => resource.projectId === project.id;
  const held = {
    disks: living(organization.disks.filter(inProject), at).filter((disk) => !isSystemDisk(disk, at)).length,
    snapshots: living(organization.snapshots.filter(inProject), at).length,
    "custom images": living(organization.images.filter(inProject), at).length,
  };
  const words = Object.entries(held).flatMap(([what, count]) =>
    count > 0 ? [`${count} of its ${what}`] : [],
  );
  if (words.length > 0)
    throw new Refusal(409, `the project holds data that must go first: ${words.join(", ")}`);
  // Also what a scenario plans for it.
  const isLeft = (resource: Lifetime & { projectId: string | null }) =>
    inProject(resource) && (resource.deletedAt === null || resource.deletedAt > at);
  for (const vm of organization.vms.filter(isLeft)) {
    deleteVm(vm, derived.inventory.disksByVm.get(vm.id) ?? [], at);
  }
  for (const kind of kindsInProjects) {
    for (const resource of organization[kind].filter(isLeft)) resource.deletedAt = at;
  }
  project.deletedAt = at;
  organization.revision++;
  return nothing;
}

/** Whatever else is in a project. */
const kindsInProjects = [
  "disks",
  "snapshots",
  "images",
  "templates",
  "groups",
  "networks",
  "subnets",
  "firewallRules",
  "loadBalancers",
] as const;

const isSystemDisk = ({ attachments }: Disk, at: Instant): boolean =>
  attachments.some(({ type, ...interval }) => type === "os" && holds(interval, at));

function projectBody({ organization, at }: Call, project: Project, isShort: boolean) {
  const count = (resources: readonly (Lifetime & { projectId: string | null })[]) => ({
    count: isShort ? 0 : countIn(resources, project.id, at),
  });
  return {
    id: project.id,
    name: project.name,
    organization_id: organization.id,
    relation: project.relation,
    resources: {
      disks: count(organization.disks),
      images: count(organization.images),
      instances: count(organization.vms),
      snapshots: count(organization.snapshots),
      vpc_networks: count(organization.networks),
    },
  };
}

const countIn = (
  resources: readonly (Lifetime & { projectId: string | null })[],
  projectId: string,
  at: Instant,
): number => living(resources, at).filter((resource) => resource.projectId === projectId).length;
