import { type Answer, json } from "../answer.ts";
import type { Instant } from "../instant.ts";
import { living } from "../inventory.ts";
import { listOf, shaped } from "../paging.ts";
import { booleanParameter, parameter } from "../query.ts";
import { type Call, requireProject } from "../route.ts";
import type { Lifetime, Project } from "../state.ts";

export function listEntities(call: Call): Answer {
  const { id, name, companyName, billing } = call.organization;
  const entity = {
    billing: {
      balance: billing.balance,
      billing_method: billing.method,
      delinquent: billing.isDelinquent,
      has_valid_payment_method: true,
    },
    company_name: companyName,
    features: {},
    id,
    mfa_methods: [],
    name,
    organization_type: "standard",
    relation: "owner",
    state: "active",
    state_reason: "",
  };
  return listOf(call, [entity]);
}

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
