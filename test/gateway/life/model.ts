import { begin, mostGib, mostVms, reservations, systemGib, took, types } from "./rules.ts";

/** What a fleet comes to by the rules alone, in whole numbers; nothing of the gateway's is used. */

/** How a VM is from a time on. */
export interface Step {
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

export const refused = (status: number): Expected => ({ status, seconds: null });
export const taken = (seconds: number, vms: ModelVm[] = []): Expected => ({ status: 200, seconds, vms });

export const newModel = (): Model => ({ now: begin, vms: [], disks: [], operations: [] });

export const isAlive = ({ goneAt }: { goneAt: number | null }, at: number) => goneAt === null || at < goneAt;

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

export const room = (model: Model, type: string, at: number): number =>
  (types[type]?.room ?? 0) - running(model, at, (step) => step.type === type && step.reservation === "");

export const leastRoom = (model: Model, type: string, at: number): number =>
  Math.min(...from(model, at).map((one) => room(model, type, one)));

/** Whether a reservation can take so many more H100 VMs that run. */
export function takes(model: Model, id: string, type: string, count: number, at: number): boolean {
  const reservation = reservations.find((one) => one.id === id);
  if (!reservation || !type.startsWith("h100") || at >= reservation.to) return false;
  const share = reservation.units === "gpus" ? 8 : 1;
  const used = Math.max(
    ...from(model, at).map((one) => share * running(model, one, (step) => step.reservation === id)),
  );
  return used + share * count <= reservation.quantity;
}

export const cheapest = (model: Model, type: string, count: number, at: number): string =>
  reservations.find(({ id }) => takes(model, id, type, count, at))?.id ?? "";

export const isTaken = (model: Model, name: string): boolean =>
  model.vms.some((vm) => vm.name === name && isAlive(vm, model.now));

const gibOf = (model: Model): number =>
  model.disks
    .filter((disk) => isAlive(disk, model.now))
    .reduce((sum, { sizes }) => sum + (sizes.at(-1)?.gib ?? 0), 0);

export const exceeds = (model: Model, vms: number, gib: number): boolean =>
  (vms > 0 && model.vms.filter((vm) => isAlive(vm, model.now)).length + vms > mostVms) ||
  (gib > 0 && gibOf(model) + gib > mostGib);

export function add(
  model: Model,
  name: string,
  type: string,
  reservation: string,
  isOfGroup = false,
): ModelVm {
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

export function addDisk(model: Model, name: string, type: string, gib: number, vm?: ModelVm): ModelDisk {
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

export const holdersAt = (disk: ModelDisk, at: number) =>
  disk.holds.filter(
    ({ vm, ...hold }) => hold.from <= at && (hold.to === null || at < hold.to) && stepAt(vm, at),
  );
