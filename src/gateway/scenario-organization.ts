import { addAccount, addCatalogue } from "./scenario-account.ts";
import { beginBuild } from "./scenario-build.ts";
import type { ScenarioFile } from "./scenario-file.ts";
import { addNetworking } from "./scenario-network.ts";
import { addDisk, addSingleSnapshot, addSnapshotPlan } from "./scenario-storage.ts";
import { addFleet, addSingleVm } from "./scenario-vms.ts";
import type { Organization } from "./state.ts";

/**
 * Lives through a scenario; `source` is what errors call its file.
 *
 * @throws ConfigError where an entry names something that the file has not
 */
export function buildOrganization(file: ScenarioFile, source: string): Organization {
  const build = beginBuild(file, source);
  addAccount(build);
  addCatalogue(build);
  for (const [position, entry] of file.fleets.entries()) addFleet(build, entry, `fleets[${position}]`);
  for (const [position, entry] of file.vms.entries()) addSingleVm(build, entry, `vms[${position}]`);
  for (const [position, entry] of file.disks.entries()) addDisk(build, entry, `disks[${position}]`);
  for (const [position, entry] of file.snapshots.entries()) {
    addSingleSnapshot(build, entry, `snapshots[${position}]`);
  }
  for (const [position, entry] of file.snapshot_plans.entries()) {
    addSnapshotPlan(build, entry, `snapshot_plans[${position}]`);
  }
  addNetworking(build);
  return build.organization;
}
