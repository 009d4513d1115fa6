import { type Answer, json } from "../answer.ts";
import { isLiving, sizeGibAt } from "../inventory.ts";
import { shaped } from "../paging.ts";
import { type Call, requireOrganization, requireProject } from "../route.ts";
import { productLineOf, type Quota } from "../state.ts";

/** Those of the whole organisation. */
export function listOrganizationQuotas(call: Call): Answer {
  requireOrganization(call);
  const quotas = call.organization.quotas.filter(({ projectId }) => projectId === null);
  return json({ quotas: quotas.map((quota) => shaped(call, quotaBody(quota, call))) });
}

/** A project's own. */
export function listProjectQuotas(call: Call): Answer {
  const project = requireProject(call);
  const quotas = call.organization.quotas.filter(({ projectId }) => projectId === project.id);
  const category = { gpus: "compute", vms: "compute", "disk-gib": "storage", snapshots: "storage" } as const;
  return json({
    quotas: quotas.map((quota) =>
      shaped(call, { ...quotaBody(quota, call), category: category[quota.counts] }),
    ),
  });
}

function quotaBody(quota: Quota, call: Call) {
  const used = usedOf(quota, call);
  return {
    available: Math.max(0, quota.max - used),
    description: quota.description,
    max: quota.max,
    programmatic_name: quota.name,
    type: quota.counts,
    used,
  };
}

/** What there is of it now, whether it runs or not. */
function usedOf({ counts, productLine, projectId }: Quota, { organization, derived, at }: Call): number {
  const isCounted = (resource: { createdAt: number; deletedAt: number | null; projectId: string }) =>
    isLiving(resource, at) && (projectId === null || resource.projectId === projectId);
  const vms = organization.vms.filter(
    (vm) => isCounted(vm) && (productLine === null || productLineOf(vm.type) === productLine),
  );
  switch (counts) {
    case "gpus":
      return vms.reduce((sum, { type }) => sum + (derived.inventory.typeByName.get(type)?.numGpu ?? 0), 0);
    case "vms":
      return vms.length;
    case "disk-gib":
      return organization.disks.filter(isCounted).reduce((sum, disk) => sum + sizeGibAt(disk, at), 0);
    case "snapshots":
      return organization.snapshots.filter(isCounted).length;
  }
}
