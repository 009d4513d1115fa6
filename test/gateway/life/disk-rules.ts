import {
  addDisk,
  type Expected,
  exceeds,
  holdersAt,
  isAlive,
  type Model,
  type ModelDisk,
  type ModelVm,
  refused,
  stepAt,
  taken,
} from "./model.ts";
import { took } from "./rules.ts";

/** What becomes of a request about disks, by the rules alone. */

const heldBy = (disk: ModelDisk, vm: ModelVm, at: number) =>
  disk.holds.find((hold) => hold.vm === vm && hold.from <= at && (hold.to === null || at < hold.to));

const isDisk = (disk: ModelDisk, at: number) => disk.bornAt <= at && isAlive(disk, at);

export function attach(model: Model, vm: ModelVm, disk: ModelDisk, mode: string): Expected {
  const { now } = model;
  if (!stepAt(vm, now)) return refused(404);
  if (vm.busyUntil > now) return refused(409);
  if (isDisk(disk, now) && heldBy(disk, vm, now)) return refused(409);
  if (!isDisk(disk, now)) return refused(404);
  if (disk.busyUntil > now) return refused(409);
  const others = holdersAt(disk, now);
  const isShared =
    disk.type === "shared-volume" || [...others, { mode }].every((one) => one.mode === "read-only");
  if (others.length > 0 && !isShared) return refused(409);
  const at = now + took.attach;
  disk.holds.push({ vm, from: at, to: null, mode });
  disk.busyUntil = at;
  vm.busyUntil = at;
  return taken(took.attach);
}

export function detach(model: Model, vm: ModelVm, disk: ModelDisk): Expected {
  const { now } = model;
  if (!stepAt(vm, now)) return refused(404);
  if (vm.busyUntil > now) return refused(409);
  const hold = heldBy(disk, vm, now);
  if (!hold || !isDisk(disk, now) || disk.isSystem || disk.busyUntil > now) return refused(409);
  hold.to = now + took.detach;
  disk.busyUntil = hold.to;
  vm.busyUntil = hold.to;
  return taken(took.detach);
}

export function createDisk(model: Model, name: string, type: string, gib: number): Expected {
  if (model.disks.some((disk) => disk.name === name && isAlive(disk, model.now))) return refused(409);
  if (exceeds(model, 0, gib)) return refused(400);
  addDisk(model, name, type, gib);
  return taken(took.createDisk);
}

export function growDisk(model: Model, disk: ModelDisk, gib: number): Expected {
  if (!isDisk(disk, model.now)) return refused(404);
  if (disk.busyUntil > model.now) return refused(409);
  const has = disk.sizes.at(-1)?.gib ?? 0;
  if (gib <= has || exceeds(model, 0, gib - has)) return refused(400);
  disk.busyUntil = model.now + took.growDisk;
  disk.sizes.push({ at: disk.busyUntil, gib });
  return taken(took.growDisk);
}

export function deleteDisk(model: Model, disk: ModelDisk): Expected {
  if (!isDisk(disk, model.now)) return refused(404);
  if (disk.isGoing) return { status: 200, seconds: null };
  if (disk.busyUntil > model.now || holdersAt(disk, model.now).length > 0) return refused(409);
  disk.isGoing = true;
  disk.goneAt = model.now + took.deleteDisk;
  disk.busyUntil = disk.goneAt;
  return taken(took.deleteDisk);
}
