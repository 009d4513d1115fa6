import { sizeGibAt } from "./inventory.ts";
import { Refusal } from "./refusal.ts";
import type { Call } from "./route.ts";
import { type Lifetime, productLineOf, type Quota } from "./state.ts";
import { isThereOrComing } from "./writing.ts";

type Counted = Lifetime & { id: string };

/** How much of a quota is used by what is counted, whether it runs or not. */
export function usedOf(
  { counts, productLine, projectId }: Quota,
  { organization, derived, at }: Pick<Call, "organization" | "derived" | "at">,
  isCounted: (resource: Counted) => boolean,
): number {
  const concerns = (resource: Counted & { projectId: string }) =>
    (projectId === null || resource.projectId === projectId) && isCounted(resource);
  const vms = () =>
    organization.vms.filter(
      (vm) => (productLine === null || productLineOf(vm.type) === productLine) && concerns(vm),
    );
  switch (counts) {
    case "gpus":
      return vms().reduce((sum, { type }) => sum + (derived.inventory.typeByName.get(type)?.numGpu ?? 0), 0);
    case "vms":
      return vms().length;
    case "disk-gib":
      return organization.disks.filter(concerns).reduce((sum, disk) => {
        // One that a client resizes counts as large as it will be.
        const isAsked = derived.operations.byResource(disk.id).length > 0;
        return sum + (isAsked ? (disk.sizes.at(-1)?.sizeGib ?? 0) : sizeGibAt(disk, at));
      }, 0);
    case "snapshots":
      return organization.snapshots.filter(concerns).length;
  }
}

/** What somebody wants more of. */
export interface Wanted {
  projectId: string;
  /** So many VMs of a type; in the place of as many of another, where there are some already. */
  vms?: { type: string; count: number; insteadOf?: string };
  diskGib?: number;
  snapshots?: number;
}

/**
 * Sees to it that no quota is exceeded by what there is, what is under way, and what is wanted besides.
 *
 * @throws Refusal 400 that names the quota
 */
export function requireQuota(call: Call, wanted: Wanted): void {
  for (const quota of call.organization.quotas) {
    if (quota.projectId !== null && quota.projectId !== wanted.projectId) continue;
    const more = moreOf(quota, wanted, call);
    if (more <= 0) continue;
    const used = usedOf(quota, call, (resource) => isThereOrComing(call, resource));
    if (used + more > quota.max) {
      throw new Refusal(
        400,
        `the quota ${quota.name} allows ${quota.max}: ${used} are used, and ${more} more were asked for`,
      );
    }
  }
}

function moreOf(
  { counts, productLine }: Quota,
  { vms, diskGib = 0, snapshots = 0 }: Wanted,
  call: Call,
): number {
  const counted = vms && (productLine === null || productLineOf(vms.type) === productLine) ? vms : undefined;
  const gpusOf = (type = "") => call.derived.inventory.typeByName.get(type)?.numGpu ?? 0;
  switch (counts) {
    case "gpus":
      return counted ? (gpusOf(counted.type) - gpusOf(counted.insteadOf)) * counted.count : 0;
    case "vms":
      return counted && counted.insteadOf === undefined ? counted.count : 0;
    case "disk-gib":
      return diskGib;
    case "snapshots":
      return snapshots;
  }
}
