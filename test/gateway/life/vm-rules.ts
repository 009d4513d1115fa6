import {
  add,
  addDisk,
  cheapest,
  type Expected,
  exceeds,
  isTaken,
  leastRoom,
  type Model,
  type ModelVm,
  refused,
  room,
  type Step,
  stepAt,
  taken,
  takes,
} from "./model.ts";
import { reservations, scratchGib, smallL40s, systemGib, took } from "./rules.ts";

/** What becomes of a request about VMs, by the rules alone. */

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
