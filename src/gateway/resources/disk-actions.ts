import type { z } from "zod";
import type { Answer } from "../answer.ts";
import { attachmentsAt, sizeGibAt } from "../inventory.ts";
import { requireQuota } from "../quota.ts";
import { hexOf } from "../random.ts";
import { Refusal } from "../refusal.ts";
import { type Call, requireBody, requireOne, requireWritableProject } from "../route.ts";
import type { Disk, Snapshot } from "../state.ts";
import { requireLocation } from "../vm-orders.ts";
import { begin, newId, record, requireFreeName, requireSettled } from "../writing.ts";
import { deletionOf } from "./deletion.ts";
import { operationAnswer } from "./operations.ts";
import { disksOfProject, sizeText, snapshotsOfProject } from "./storage.ts";
import { diskChange, newDisk } from "./storage-schemas.ts";

export function postDisk(call: Call): Answer {
  const project = requireWritableProject(call);
  const order = requireBody(call, newDisk);
  const snapshot = order.snapshot_id ? requireSnapshot(call, order.snapshot_id) : null;
  const { sizeGib, location } = snapshot ? restored(call, order, snapshot) : requireWhole(call, order);
  requireFreeName(call, call.organization.disks, { name: order.name, projectId: project.id });
  requireQuota(call, { projectId: project.id, diskGib: sizeGib });
  const operation = begin(call, "disk", "CREATE");
  const createdAt = operation.completedAt;
  const id = newId(call);
  const disk: Disk = {
    id,
    name: order.name,
    projectId: project.id,
    type: order.type || "persistent-ssd",
    location,
    blockSize: order.block_size || snapshot?.blockSize || 4096,
    serialNumber: hexOf(19, "serial", id),
    sizes: [{ from: createdAt, sizeGib }],
    attachments: [],
    createdAt,
    deletedAt: null,
  };
  call.organization.disks.push(disk);
  return operationAnswer(call, record(call, operation, { resource: disk }));
}

type Order = z.output<typeof newDisk>;

/** Without a snapshot, size and place must be said. */
function requireWhole(call: Call, { size, location }: Order) {
  if (size == null) throw new Refusal(400, "size: is required where there is no snapshot_id");
  if (location === "") throw new Refusal(400, "location: is required where there is no snapshot_id");
  return { sizeGib: size, location: requireLocation(call, location) };
}

/** A disk from a snapshot is where that is, and no smaller. */
function restored(call: Call, { size, location }: Order, snapshot: Snapshot) {
  const leastGib = Math.ceil(snapshot.sizeBytes / 2 ** 30);
  if (location !== "" && requireLocation(call, location) !== snapshot.location) {
    throw new Refusal(400, `location: the snapshot is in ${snapshot.location}`);
  }
  if (size != null && size < leastGib) {
    throw new Refusal(400, `size: is below the ${sizeText(leastGib)} that the snapshot needs`);
  }
  return { sizeGib: size ?? leastGib, location: snapshot.location };
}

function requireSnapshot(call: Call, id: string): Snapshot {
  const found = snapshotsOfProject(call).find((snapshot) => snapshot.id === id);
  if (!found) throw new Refusal(404, `there is no snapshot ${JSON.stringify(id)} in this project`);
  requireSettled(call, found);
  return found;
}

function requireDiskOfPath(call: Call): Disk {
  requireWritableProject(call);
  return requireOne(call, disksOfProject(call), "disk_id");
}

/** A disk grows, also while it is attached, and never shrinks. */
export function patchDisk(call: Call): Answer {
  const disk = requireDiskOfPath(call);
  const { size: sizeGib } = requireBody(call, diskChange);
  requireSettled(call, disk);
  const has = sizeGibAt(disk, call.at);
  if (sizeGib <= has) throw new Refusal(400, `size: the disk has ${sizeText(has)}, and can only grow`);
  requireQuota(call, { projectId: disk.projectId, diskGib: sizeGib - has });
  const operation = begin(call, "disk", "UPDATE");
  disk.sizes = [
    ...disk.sizes.filter(({ from }) => from <= call.at),
    { from: operation.completedAt, sizeGib },
  ];
  return operationAnswer(call, record(call, operation, { resource: disk }));
}

export function deleteDisk(call: Call): Answer {
  const disk = requireDiskOfPath(call);
  return deletionOf(call, "disk", disk, () => {
    const [attachment] = attachmentsAt(disk, call.at, call.derived.inventory);
    if (attachment) {
      const name = call.derived.inventory.vmById.get(attachment.vmId)?.name;
      throw new Refusal(409, `the disk ${disk.name} is attached to ${name}`);
    }
    // What a scenario planned for it is no more.
    disk.sizes = disk.sizes.filter(({ from }) => from <= call.at);
    disk.attachments = disk.attachments.filter(({ from }) => from <= call.at);
  });
}
