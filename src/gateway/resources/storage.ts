import { type Answer, json } from "../answer.ts";
import { asOf, changedAt } from "../former.ts";
import { isoOf } from "../instant.ts";
import { attachmentsAt, diskUpdatedAt, living, sizeGibAt } from "../inventory.ts";
import { listOf, shaped } from "../paging.ts";
import { booleanParameter, listParameter, parameter } from "../query.ts";
import { type Call, requireOne, requireProject } from "../route.ts";
import type { Attachment, Disk, Snapshot } from "../state.ts";

export function listDisks(call: Call): Answer {
  const { query, at, derived } = call;
  const ids = listParameter(query, "disk_ids") ?? [];
  const names = listParameter(query, "disk_names") ?? [];
  const location = parameter(query, "location");
  const isOsExcluded = booleanParameter(query, "exclude_os") ?? false;
  const disks = disksOfProject(call).filter(
    (disk) =>
      (ids.length === 0 || ids.includes(disk.id)) &&
      (names.length === 0 || names.includes(disk.name)) &&
      (!location || disk.location === location) &&
      !(isOsExcluded && attachmentsAt(disk, at, derived.inventory).some(({ type }) => type === "os")),
  );
  return listOf(
    call,
    disks.map((disk) => diskBody(disk, call)),
  );
}

export const getDisk = (call: Call): Answer =>
  json(shaped(call, diskBody(requireOne(call, disksOfProject(call), "disk_id"), call)));

export function disksOfProject(call: Call): Disk[] {
  const project = requireProject(call);
  return living(call.organization.disks, call.at).filter(({ projectId }) => projectId === project.id);
}

/** What a disk and its mention inside a VM have in common. */
const diskFields = (disk: Disk, { at }: Call) => ({
  block_size: disk.blockSize,
  created_at: isoOf(disk.createdAt),
  id: disk.id,
  location: disk.location,
  name: disk.name,
  serial_number: disk.serialNumber,
  size: sizeText(sizeGibAt(disk, at)),
  type: disk.type,
  updated_at: isoOf(diskUpdatedAt(disk, at)),
});

export function diskBody(disk: Disk, call: Call) {
  const attachments = attachmentsAt(disk, call.at, call.derived.inventory);
  return {
    attached_to: attachments.map(({ type, mode, vmId }) => ({ attachment_type: type, mode, vm_id: vmId })),
    ...diskFields(disk, call),
  };
}

export const attachedDiskBody = (disk: Disk, { type, mode }: Attachment, call: Call) => ({
  attachment_type: type,
  mode,
  ...diskFields(disk, call),
});

/** Whole tebibytes read as such, as Crusoe's console shows them. */
export const sizeText = (sizeGib: number): string =>
  sizeGib > 0 && sizeGib % 1024 === 0 ? `${sizeGib / 1024}TiB` : `${sizeGib}GiB`;

export const listSnapshots = (call: Call): Answer =>
  listOf(
    call,
    snapshotsOfProject(call).map((snapshot) => snapshotBody(snapshot, call)),
  );

export const getSnapshot = (call: Call): Answer =>
  json(shaped(call, snapshotBody(requireOne(call, snapshotsOfProject(call), "snapshot_id"), call)));

export function snapshotsOfProject(call: Call): Snapshot[] {
  const project = requireProject(call);
  return living(call.organization.snapshots, call.at).filter(({ projectId }) => projectId === project.id);
}

export const snapshotBody = (snapshot: Snapshot, { at }: Call) => ({
  block_size: snapshot.blockSize,
  created_at: isoOf(snapshot.createdAt),
  created_from: snapshot.sourceDiskId,
  id: snapshot.id,
  name: asOf(snapshot, at).name,
  size: `${snapshot.sizeBytes} bytes`,
  // What it holds never changes.
  updated_at: isoOf(changedAt(snapshot, at)),
});
