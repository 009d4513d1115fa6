import { type Answer, json } from "../answer.ts";
import { isLiving } from "../inventory.ts";
import { shaped } from "../paging.ts";
import { usedOf } from "../quota.ts";
import { type Call, requireOrganization, requireProject } from "../route.ts";
import type { Quota } from "../state.ts";

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
  const used = usedOf(quota, call, (resource) => isLiving(resource, call.at));
  return {
    available: Math.max(0, quota.max - used),
    description: quota.description,
    max: quota.max,
    programmatic_name: quota.name,
    type: quota.counts,
    used,
  };
}
