import fc from "fast-check";
import type { RawRow } from "./raw-tables.ts";

/*
 * The life of a small fleet, second by second, and what a meter, a nightly read of the inventory and a list of
 * operations make of it. It is independent of the models: they must come to the same from the rows alone.
 */

/** Seconds from the first day's midnight. */
type Second = number;

const day = 86_400;
export const firstDate = "2026-10-01";
export const dayCount = 8;
/** Reads are at six in the morning, from the first day on to the one after the last. */
const reads = Array.from({ length: dayCount + 1 }, (_, night) => night * day + 6 * 3600);
const lastRead = dayCount * day + 6 * 3600;

/** While it exists: the type it has, and whether it runs. */
interface Phase {
  from: Second;
  type: string;
  isRunning: boolean;
}

export interface FleetVm {
  id: string;
  phases: readonly Phase[];
  /** When it is deleted; after the last read if never. */
  goneAt: Second;
}

export interface FleetDisk {
  id: string;
  createdAt: Second;
  goneAt: Second;
  /** Sizes in GiB, each from its second on. */
  sizes: readonly { from: Second; sizeGib: number }[];
}

export interface Fleet {
  vms: readonly FleetVm[];
  disks: readonly FleetDisk[];
}

export const gpusOf: Readonly<Record<string, number>> = { "h100.8x": 8, "a100.4x": 4, "c1a.8x": 0 };
const typeNames = Object.keys(gpusOf);

const instants = (max: number) =>
  fc
    .uniqueArray(fc.integer({ min: 1, max: lastRead - 1 }), { maxLength: max })
    .map((list) => list.sort((a, b) => a - b));

const vmOf = (id: string) =>
  fc
    .record({
      createdAt: fc.integer({ min: -3 * day, max: 3 * day }),
      toggles: instants(9),
      isDeleted: fc.boolean(),
      types: fc.array(fc.constantFrom(...typeNames), { minLength: 10, maxLength: 10 }),
      /** One in so many starts follows a change of type. */
      resizes: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 10, maxLength: 10 }),
    })
    .map(({ createdAt, toggles, isDeleted, types, resizes }): FleetVm => {
      const later = toggles.filter((at) => at > createdAt + 120);
      // Operations take up to a minute: two changes of one VM lie further apart.
      const apart = later.filter((at, n) => n === 0 || at - (later[n - 1] ?? 0) > 120);
      const goneAt = isDeleted ? (apart.pop() ?? lastRead + 1) : lastRead + 1;
      let type = types[0] ?? "c1a.8x";
      let isRunning = true;
      const phases: Phase[] = [{ from: createdAt, type, isRunning }];
      apart.forEach((from, n) => {
        isRunning = !isRunning;
        if (isRunning && resizes[n] === 0) type = types[n + 1] ?? type;
        phases.push({ from, type, isRunning });
      });
      return { id, phases, goneAt };
    });

const diskOf = (id: string) =>
  fc
    .record({
      createdAt: fc.integer({ min: -3 * day, max: 3 * day }),
      resized: instants(2),
      isDeleted: fc.boolean(),
      sizeGib: fc.integer({ min: 1, max: 2000 }),
    })
    .map(({ createdAt, resized, isDeleted, sizeGib }): FleetDisk => {
      const later = resized.filter((at) => at > createdAt);
      const goneAt = isDeleted ? (later.pop() ?? lastRead + 1) : lastRead + 1;
      const sizes = [createdAt, ...later].map((from, n) => ({ from, sizeGib: sizeGib * (n + 1) }));
      return { id, createdAt, goneAt, sizes };
    });

export const anyFleet: fc.Arbitrary<Fleet> = fc.record({
  vms: fc
    .integer({ min: 1, max: 5 })
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, n) => vmOf(`vm-${n}`)))),
  disks: fc
    .integer({ min: 0, max: 2 })
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, n) => diskOf(`disk-${n}`)))),
});

export interface MeteredRow {
  usage_date: string;
  resource_type: string;
  billable_metric: string;
  resource_id: string;
  /** In seconds of a GPU, an instance or a GiB. */
  seconds: number;
}

/** What each resource used on each day, to the second. */
export function meter({ vms, disks }: Fleet, gpuMetric: "gpu-hours" | "instance-hours"): MeteredRow[] {
  const sums = new Map<string, MeteredRow>();
  const add = (id: string, type: string, metric: string, amount: number, from: Second, to: Second) => {
    for (let d = 0; d < dayCount; d++) {
      const seconds = Math.min(to, (d + 1) * day) - Math.max(from, d * day);
      if (seconds <= 0) continue;
      const key = JSON.stringify([d, id, type]);
      const row = sums.get(key) ?? {
        usage_date: dateOf(d),
        resource_type: type,
        billable_metric: metric,
        resource_id: id,
        seconds: 0,
      };
      row.seconds += seconds * amount;
      sums.set(key, row);
    }
  };
  for (const { id, phases, goneAt } of vms) {
    phases.forEach(({ from, type, isRunning }, n) => {
      if (!isRunning) return;
      const gpus = gpusOf[type] ?? 0;
      const metric = gpus > 0 ? gpuMetric : "instance-hours";
      const to = Math.min(phases[n + 1]?.from ?? goneAt, goneAt);
      add(id, type, metric, metric === "gpu-hours" ? gpus : 1, from, to);
    });
  }
  for (const { id, sizes, goneAt } of disks) {
    sizes.forEach(({ from, sizeGib }, n) => {
      add(id, "persistent-ssd", "gib-hours", sizeGib, from, Math.min(sizes[n + 1]?.from ?? goneAt, goneAt));
    });
  }
  return [...sums.values()];
}

export const dateOf = (dayNumber: number): string =>
  new Date(Date.parse(`${firstDate}T00:00:00Z`) + dayNumber * day * 1000).toISOString().slice(0, 10);

export const instantOf = (second: Second): string =>
  new Date(Date.parse(`${firstDate}T00:00:00Z`) + second * 1000).toISOString().slice(0, 19).replace("T", " ");

const phaseAt = ({ phases, goneAt }: FleetVm, at: Second): Phase | null =>
  at >= goneAt ? null : (phases.findLast(({ from }) => from <= at) ?? null);

/** The versions that nightly reads keep of one resource, of what each read saw. */
function versionsOf<T>(seenAt: (at: Second) => T | null): { seen: T; from: Second; to: Second | null }[] {
  const versions: { seen: T; from: Second; to: Second | null }[] = [];
  let open: { seen: T; from: Second; to: Second | null } | null = null;
  for (const at of reads) {
    const seen = seenAt(at);
    if (open && JSON.stringify(open.seen) === JSON.stringify(seen)) continue;
    if (open) open.to = at;
    open = seen === null ? null : { seen, from: at, to: null };
    if (open) versions.push(open);
  }
  return versions;
}

const lifetime = (from: Second, to: Second | null): RawRow => ({
  _valid_from: instantOf(from),
  _valid_to: to === null ? null : instantOf(to),
});

/** The rows of the raw tables as nightly reads leave them. */
export function inventoryRows({ vms, disks }: Fleet): { vms: RawRow[]; disks: RawRow[] } {
  return {
    vms: vms.flatMap((vm) =>
      versionsOf((at) => {
        const phase = phaseAt(vm, at);
        return phase && { type: phase.type, state: phase.isRunning ? "STATE_RUNNING" : "STATE_SHUTOFF" };
      }).map(({ seen, from, to }) => ({
        id: vm.id,
        name: vm.id,
        location: "us-east1-a",
        created_at: instantOf(vm.phases[0]?.from ?? 0),
        updated_at: instantOf(vm.phases.findLast((phase) => phase.from <= from)?.from ?? 0),
        ...seen,
        ...lifetime(from, to),
      })),
    ),
    disks: disks.flatMap((disk) =>
      versionsOf((at) => {
        if (at < disk.createdAt || at >= disk.goneAt) return null;
        return { size: `${disk.sizes.findLast(({ from }) => from <= at)?.sizeGib}GiB` };
      }).map(({ seen, from, to }) => ({
        id: disk.id,
        name: disk.id,
        type: "persistent-ssd",
        location: "us-east1-a",
        attached_to: [],
        created_at: instantOf(disk.createdAt),
        ...seen,
        ...lifetime(from, to),
      })),
    ),
  };
}

/** The operations behind every change, as the last read found them. Each takes effect when it completes. */
export function operationRows({ vms }: Fleet): RawRow[] {
  const operation = (vm: FleetVm, action: string, at: Second): RawRow => ({
    operation_id: `${vm.id} ${action} ${at}`,
    state: "SUCCEEDED",
    started_at: instantOf(at - 45),
    completed_at: instantOf(at),
    metadata: { action, id: vm.id },
    _valid_from: instantOf(lastRead),
  });
  return vms.flatMap((vm) => [
    ...vm.phases.flatMap(({ from, type }, n) =>
      n > 0 && type !== vm.phases[n - 1]?.type ? [operation(vm, "UPDATE", from - 50)] : [],
    ),
    ...vm.phases.map(({ from, isRunning }, n) =>
      operation(vm, n === 0 ? "CREATE" : isRunning ? "START" : "STOP", from),
    ),
    ...(vm.goneAt <= lastRead ? [operation(vm, "DELETE", vm.goneAt)] : []),
  ]);
}

/** What was read when: usage once, at the end; the inventory each night; operations at the end, where offered. */
export function readRows({
  hasExport,
  hasOperations,
}: {
  hasExport: boolean;
  hasOperations: boolean;
}): RawRow[] {
  const window = { window_from: firstDate, window_to: dateOf(dayCount - 1) };
  const list = (stream: string, at: Second) => ({ stream, attempted_at: instantOf(at) });
  return [
    { stream: "usage", ...window, attempted_at: instantOf(lastRead) },
    {
      stream: "resource_usage",
      ...window,
      attempted_at: instantOf(lastRead),
      status: hasExport ? "complete" : "not_offered",
    },
    ...reads.flatMap((at) => [list("vms", at), list("disks", at)]),
    ...(hasOperations ? [list("vm_operations", lastRead)] : []),
  ];
}

export const now = `${instantOf(lastRead).replace(" ", "T")}Z`;
