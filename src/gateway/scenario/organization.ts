import type { Organization } from "../state.ts";
import { addAccount, addCatalogue } from "./account.ts";
import { beginBuild } from "./build.ts";
import type { ScenarioFile } from "./format.ts";
import { addNetworking } from "./network.ts";
import type { ScenarioSource } from "./source.ts";
import { addDisk, addSingleSnapshot, addSnapshotPlan } from "./storage.ts";
import { addFleet, addSingleVm } from "./vms.ts";

/**
 * Lives through a scenario; `source` knows where errors are to point.
 *
 * @throws ConfigError where an entry names something that the file has not
 */
export function buildOrganization(file: ScenarioFile, source: ScenarioSource): Organization {
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
