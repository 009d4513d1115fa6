import type { Answer } from "../answer.ts";
import { changeFrom } from "../former.ts";
import { sizeGibAt } from "../inventory.ts";
import { requireQuota } from "../quota.ts";
import { type Call, requireBody, requireOne, requireWritableProject } from "../route.ts";
import type { Snapshot } from "../state.ts";
import { requireDisk } from "../vm-orders.ts";
import { begin, newId, record, requireFreeName, requireSettled } from "../writing.ts";
import { deletionOf } from "./deletion.ts";
import { operationAnswer } from "./operations.ts";
import { snapshotsOfProject } from "./storage.ts";
import { newSnapshot, snapshotChange } from "./storage-schemas.ts";

/** Holds what the disk was when it was asked for, whatever becomes of the disk meanwhile. */
export function postSnapshot(call: Call): Answer {
  const project = requireWritableProject(call);
  const { disk_id: diskId, name } = requireBody(call, newSnapshot);
  const disk = requireDisk(call, diskId, project.id);
  requireSettled(call, disk);
  if (name) requireFreeName(call, call.organization.snapshots, { name, projectId: project.id });
  requireQuota(call, { projectId: project.id, snapshots: 1 });
  const operation = begin(call, "snapshot", "CREATE");
  const id = newId(call);
  const snapshot: Snapshot = {
    id,
    name: name ?? `snapshot-${id.slice(0, 8)}`,
    projectId: project.id,
    location: disk.location,
    sourceDiskId: disk.id,
    sizeBytes: sizeGibAt(disk, call.at) * 2 ** 30,
    blockSize: disk.blockSize,
    createdAt: operation.completedAt,
    deletedAt: null,
  };
  call.organization.snapshots.push(snapshot);
  return operationAnswer(call, record(call, operation, { resource: snapshot }));
}

function requireSnapshotOfPath(call: Call): Snapshot {
  requireWritableProject(call);
  return requireOne(call, snapshotsOfProject(call), "snapshot_id");
}

export function patchSnapshot(call: Call): Answer {
  const snapshot = requireSnapshotOfPath(call);
  const { name } = requireBody(call, snapshotChange);
  requireSettled(call, snapshot);
  const { id: except, projectId } = snapshot;
  requireFreeName(call, call.organization.snapshots, { name, projectId, except });
  const operation = begin(call, "snapshot", "UPDATE");
  changeFrom(snapshot, operation.completedAt, { name });
  return operationAnswer(call, record(call, operation, { resource: snapshot }));
}

export const deleteSnapshot = (call: Call): Answer =>
  deletionOf(call, "snapshot", requireSnapshotOfPath(call));
