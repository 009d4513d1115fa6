import {
  begin,
  mostGib,
  mostVms,
  reservations,
  scratchGib,
  smallL40s,
  systemGib,
  took,
  types,
} from "./rules.ts";

/** What a fleet comes to by the rules alone, in whole numbers; nothing of the gateway's is used. */

/** How a VM is from a time on. */
interface Step {
  at: number;
  runs: boolean;
  type: string;
  reservation: string;
}

export interface ModelVm {
  id: string;
  name: string;
  steps: Step[];
  goneAt: number | null;
  busyUntil: number;
  isOfGroup: boolean;
  /** Whenever anything of it changed that its entry tells of. */
  changedAt: number[];
}

export interface ModelDisk {
  name: string;
  type: string;
  isSystem: boolean;
  bornAt: number;
  sizes: { at: number; gib: number }[];
  goneAt: number | null;
  isGoing: boolean;
  busyUntil: number;
  holds: { vm: ModelVm; from: number; to: number | null; mode: string }[];
}

export interface Model {
  now: number;
  vms: ModelVm[];
  disks: ModelDisk[];
  /** What each operation must have come to by the end. */
  operations: { id: string; state: "SUCCEEDED" | "FAILED"; completedAt: number }[];
}

/** What a request is answered with, and whether what it asked for comes to nothing later. */
export interface Expected {
  status: number;
  /** How long the operation takes; null where it is refused. */
  seconds: number | null;
  failed?: boolean;
  vms?: ModelVm[];
}

const refused = (status: number): Expected => ({ status, seconds: null });
const taken = (seconds: number, vms: ModelVm[] = []): Expected => ({ status: 200, seconds, vms });

export const newModel = (): Model => ({ now: begin, vms: [], disks: [], operations: [] });

const isAlive = ({ goneAt }: { goneAt: number | null }, at: number) => goneAt === null || at < goneAt;

/** How the VM is at a time; null where it is not there. */
export function stepAt(vm: ModelVm, at: number): Step | null {
  const step = vm.steps.findLast((one) => one.at <= at);
  if (!step || !isAlive(vm, at)) return null;
  const over = reservations.some(({ id, to }) => id === step.reservation && at >= to);
  return over ? { ...step, reservation: "" } : step;
}

const running = (model: Model, at: number, passes: (step: Step) => boolean): number =>
  model.vms.filter((vm) => {
    const step = stepAt(vm, at);
    return step?.runs === true && passes(step);
  }).length;

/** That time, and whenever something already decided will change. */
const from = (model: Model, at: number): number[] => [
  at,
  ...model.vms
    .flatMap(({ steps, goneAt }) => [...steps.map((step) => step.at), goneAt ?? at])
    .filter((one) => one > at),
];

const room = (model: Model, type: string, at: number): number =>
  (types[type]?.room ?? 0) - running(model, at, (step) => step.type === type && step.reservation === "");

const leastRoom = (model: Model, type: string, at: number): number =>
  Math.min(...from(model, at).map((one) => room(model, type, one)));

/** Whether a reservation can take so many more H100 VMs that run. */
function takes(model: Model, id: string, type: string, count: number, at: number): boolean {
  const reservation = reservations.find((one) => one.id === id);
  if (!reservation || !type.startsWith("h100") || at >= reservation.to) return false;
  const share = reservation.units === "gpus" ? 8 : 1;
  const used = Math.max(
    ...from(model, at).map((one) => share * running(model, one, (step) => step.reservation === id)),
  );
  return used + share * count <= reservation.quantity;
}

const cheapest = (model: Model, type: string, count: number, at: number): string =>
  reservations.find(({ id }) => takes(model, id, type, count, at))?.id ?? "";

const isTaken = (model: Model, name: string): boolean =>
  model.vms.some((vm) => vm.name === name && isAlive(vm, model.now));

const gibOf = (model: Model): number =>
  model.disks
    .filter((disk) => isAlive(disk, model.now))
    .reduce((sum, { sizes }) => sum + (sizes.at(-1)?.gib ?? 0), 0);

const exceeds = (model: Model, vms: number, gib: number): boolean =>
  (vms > 0 && model.vms.filter((vm) => isAlive(vm, model.now)).length + vms > mostVms) ||
  (gib > 0 && gibOf(model) + gib > mostGib);

function add(model: Model, name: string, type: string, reservation: string, isOfGroup = false): ModelVm {
  const at = model.now + took.create;
  const vm: ModelVm = {
    id: "",
    name,
    steps: [{ at, runs: true, type, reservation }],
    goneAt: null,
    busyUntil: at,
    isOfGroup,
    changedAt: [at],
  };
  model.vms.push(vm);
  addDisk(model, `${name}-os`, "persistent-ssd", systemGib, vm);
  return vm;
}

function addDisk(model: Model, name: string, type: string, gib: number, vm?: ModelVm): ModelDisk {
  const bornAt = model.now + (vm ? took.create : took.createDisk);
  const disk: ModelDisk = {
    name,
    type,
    isSystem: vm !== undefined && name.endsWith("-os"),
    bornAt,
    sizes: [{ at: bornAt, gib }],
    goneAt: null,
    isGoing: false,
    busyUntil: bornAt,
    holds: vm ? [{ vm, from: bornAt, to: null, mode: "read-write" }] : [],
  };
  model.disks.push(disk);
  return disk;
}

/** `wish` is a reservation's id, empty for none, or undefined for whichever is cheapest. */
export function createVm(model: Model, name: string, type: string, wish: string | undefined): Expected {
  if (isTaken(model, name)) return refused(409);
  if (exceeds(model, 1, systemGib)) return refused(400);
  const at = model.now + took.create;
  if (wish && !takes(model, wish, type, 1, at)) return refused(400);
  const reservation = wish ?? cheapest(model, type, 1, at);
  if (!reservation) {
    if (room(model, type, model.now) < 1) return refused(400);
    if (leastRoom(model, type, at) < 1) return { ...taken(took.create), failed: true };
  }
  return taken(took.create, [add(model, name, type, reservation)]);
}

/** So many small L40S VMs at once, each with a disk for scratch. */
export function createVms(model: Model, count: number): Expected {
  if (exceeds(model, count, count * (systemGib + scratchGib))) return refused(400);
  if (room(model, smallL40s, model.now) < count) return refused(400);
  if (leastRoom(model, smallL40s, model.now + took.create) < count) {
    return { ...taken(took.create), failed: true };
  }
  const names = freeNames(model, "batch", count);
  const made = names.map((name) => {
    const vm = add(model, name, smallL40s, "");
    addDisk(model, `${name}-data-1`, "persistent-ssd", scratchGib, vm);
    return vm;
  });
  return taken(took.create, made);
}

function freeNames(model: Model, prefix: string, count: number): string[] {
  const names: string[] = [];
  for (let number = 1; names.length < count; number++) {
    if (!isTaken(model, `${prefix}-${number}`)) names.push(`${prefix}-${number}`);
  }
  return names;
}

/** The group of plain VMs gets or loses as many as it must. */
export function scale(model: Model, count: number): Expected & { failures: number; gone: ModelVm[] } {
  const none = { failures: 0, gone: [] };
  const members = model.vms.filter((vm) => vm.isOfGroup && vm.goneAt === null);
  const more = count - members.length;
  if (more > 0) {
    if (exceeds(model, more, more * systemGib)) return { ...refused(400), ...none };
    const type = "c1a.4x";
    const fit = Math.max(0, Math.min(more, room(model, type, model.now), leastRoom(model, type, model.now)));
    const vms = freeNames(model, "pool", more)
      .slice(0, fit)
      .map((name) => add(model, name, type, "", true));
    return { ...taken(took.create, vms), failures: more - fit, gone: [] };
  }
  const settled = members
    .filter(({ busyUntil }) => busyUntil <= model.now)
    .sort((a, b) => (b.steps[0]?.at ?? 0) - (a.steps[0]?.at ?? 0) || (a.id < b.id ? -1 : 1));
  if (settled.length < -more) return { ...refused(409), ...none };
  const gone = settled.slice(0, -more);
  for (const vm of gone) remove(model, vm);
  return { ...taken(took.delete), failures: 0, gone };
}

function remove(model: Model, vm: ModelVm): void {
  const at = model.now + took.delete;
  vm.goneAt = at;
  vm.busyUntil = at;
  for (const disk of model.disks) {
    for (const hold of disk.holds) {
      if (hold.vm !== vm || hold.to !== null) continue;
      hold.to = at;
      disk.busyUntil = at;
      if (disk.isSystem) disk.goneAt = at;
    }
  }
}

export function deleteVm(model: Model, vm: ModelVm): Expected {
  if (!stepAt(vm, model.now)) return refused(404);
  // Already going: the same operation once more, which is not counted twice.
  if (vm.goneAt !== null) return { status: 200, seconds: null };
  if (vm.busyUntil > model.now) return refused(409);
  remove(model, vm);
  return taken(took.delete);
}

export type Action = "START" | "STOP" | "RESET" | "RESERVE" | "UNRESERVE" | "UPDATE";

export function patchVm(model: Model, vm: ModelVm, action: Action, what: string): Expected {
  const { now } = model;
  const step = stepAt(vm, now);
  if (!step) return refused(404);
  if (vm.busyUntil > now) return refused(409);
  const go = (seconds: number, change: Partial<Step>, isTold = true): Expected => {
    vm.steps.push({ ...step, ...change, at: now + seconds });
    vm.busyUntil = now + seconds;
    if (isTold) vm.changedAt.push(now + seconds);
    return taken(seconds);
  };
  switch (action) {
    case "START": {
      if (step.runs) return refused(409);
      const at = now + took.start;
      const { reservation } = stepAt(vm, at) ?? step;
      if (reservation) {
        return takes(model, reservation, step.type, 1, at) ? go(took.start, { runs: true }) : refused(400);
      }
      if (room(model, step.type, now) < 1) return refused(400);
      if (leastRoom(model, step.type, at) < 1) {
        vm.busyUntil = at;
        return { ...taken(took.start), failed: true };
      }
      return go(took.start, { runs: true });
    }
    case "STOP":
      return step.runs ? go(took.stop, { runs: false }) : refused(409);
    case "RESET":
      return step.runs ? go(took.reset, {}, false) : refused(409);
    case "RESERVE": {
      if (step.reservation === what) return refused(409);
      const wanted = reservations.find(({ id }) => id === what);
      const fits = step.runs
        ? takes(model, what, step.type, 1, now)
        : wanted !== undefined && step.type.startsWith("h100") && now < wanted.to;
      return fits ? go(0, { reservation: what }) : refused(400);
    }
    case "UNRESERVE":
      if (!step.reservation) return refused(409);
      if (step.runs && room(model, step.type, now) < 1) return refused(400);
      return go(0, { reservation: "" });
    case "UPDATE":
      if (!step.type.startsWith("l40s")) return refused(400);
      if (step.type === what) return go(0, {}, false);
      return step.runs ? refused(409) : go(took.retype, { type: what });
  }
}

const heldBy = (disk: ModelDisk, vm: ModelVm, at: number) =>
  disk.holds.find((hold) => hold.vm === vm && hold.from <= at && (hold.to === null || at < hold.to));

export const holdersAt = (disk: ModelDisk, at: number) =>
  disk.holds.filter(
    ({ vm, ...hold }) => hold.from <= at && (hold.to === null || at < hold.to) && stepAt(vm, at),
  );

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
