import { type Instant, intersect, secondsPerDay } from "../instant.ts";
import { sizeGibAt } from "../inventory.ts";
import { hexOf, uuidOf } from "../random.ts";
import type { Disk } from "../state.ts";
import type { Build } from "./build.ts";
import type { DiskEntry, ScenarioFile } from "./format.ts";

/** A disk that is more than one VM's own. */
export function addDisk(build: Build, entry: DiskEntry, path: string): void {
  const { seed } = build.file;
  const id = entry.id ?? uuidOf(seed, "disk", entry.project, entry.name, entry.created);
  const lifetime = { from: entry.created, to: entry.deleted ?? null };
  const attachments = entry.attached.flatMap(({ vm, fleet, from, to, mode }, position) => {
    const at = `${path}.attached[${position}]`;
    const vms = [
      ...(vm === undefined ? [] : [build.find(build.vmsByName, vm, `${at}.vm`)]),
      ...(fleet === undefined ? [] : build.find(build.vmsByFleet, fleet, `${at}.fleet`)),
    ];
    const window = intersect(lifetime, { from: from ?? entry.created, to: to ?? null });
    return vms.flatMap(({ id: vmId, createdAt, deletedAt }) => {
      const held = window && intersect(window, { from: createdAt, to: deletedAt });
      return held ? [{ ...held, vmId, type: "data" as const, mode }] : [];
    });
  });
  const disk: Disk = {
    id,
    name: entry.name,
    projectId: build.find(build.projects, entry.project, `${path}.project`).id,
    type: entry.type,
    location: build.find(build.locations, entry.location, `${path}.location`),
    blockSize: 4096,
    serialNumber: hexOf(19, seed, "serial", id),
    sizes: [
      { from: entry.created, sizeGib: entry.size_gib },
      ...entry.resized.map(({ at, size_gib }) => ({ from: at, sizeGib: size_gib })),
    ].sort((a, b) => a.from - b.from),
    attachments: attachments.sort((a, b) => a.from - b.from),
    createdAt: entry.created,
    deletedAt: entry.deleted ?? null,
  };
  build.organization.disks.push(disk);
  build.keep(build.disksByName, entry.name, disk, `${path}.name`);
}

/** One snapshot. */
export function addSingleSnapshot(
  build: Build,
  entry: ScenarioFile["snapshots"][number],
  path: string,
): void {
  const disk = build.find(build.disksByName, entry.disk, `${path}.disk`);
  addSnapshot(build, disk, entry.name, entry.created, entry.deleted ?? null, entry.size_gib, entry.id);
}

function addSnapshot(
  { file, organization }: Build,
  disk: Disk,
  name: string,
  createdAt: Instant,
  deletedAt: Instant | null,
  sizeGib: number | undefined,
  id: string | undefined,
): void {
  organization.snapshots.push({
    id: id ?? uuidOf(file.seed, "snapshot", disk.id, name, createdAt),
    name,
    projectId: disk.projectId,
    location: disk.location,
    sourceDiskId: disk.id,
    sizeBytes: (sizeGib ?? sizeGibAt(disk, createdAt)) * 2 ** 30,
    blockSize: disk.blockSize,
    createdAt,
    deletedAt,
  });
}

/** Snapshots taken again and again. */
export function addSnapshotPlan(
  build: Build,
  plan: ScenarioFile["snapshot_plans"][number],
  path: string,
): void {
  const disk = build.find(build.disksByName, plan.disk, `${path}.disk`);
  const step = plan.every_days * secondsPerDay;
  const end = Math.min(plan.to ?? build.until, disk.deletedAt ?? build.until, build.until);
  for (let at = plan.from; at < end; at += step) {
    const goneAt = at + plan.keep * step;
    const name = `${plan.disk}-${new Date(at * 1000).toISOString().slice(0, 10)}`;
    addSnapshot(build, disk, name, at, goneAt < end ? goneAt : null, plan.size_gib, undefined);
  }
}
