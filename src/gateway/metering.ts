import { type Day, dayOf, type Instant, type Interval, intersect, startOfDay, without } from "./instant.ts";
import { typesOf } from "./inventory.ts";
import { asSettled, atOnce, type Settling } from "./settling.ts";
import { type Disk, type Organization, regionOf, type Snapshot, type Vm } from "./state.ts";

export type Metric = "gpu-hours" | "instance-hours" | "gib-hours";

/** A stretch of time in which a resource uses the same amount each second, on one account. */
interface Segment {
  from: Instant;
  /** Infinity while it goes on. */
  to: Instant;
  reservationId: string;
  /** GPUs, instances or GiB. */
  amount: number;
}

/** One resource, and all that it ever used, in order of time. */
export interface MeteredResource {
  resourceId: string;
  resourceName: string;
  projectId: string;
  region: string;
  resourceType: string;
  metric: Metric;
  isSpot: boolean;
  segments: Segment[];
}

/** What one resource used in one day on one account. */
export interface ResourceUsage {
  day: Day;
  resource: MeteredResource;
  /** Its place among all that are metered. */
  number: number;
  reservationId: string;
  quantity: number;
}

/** What all resources of one kind used in one day: the sum of their ResourceUsage, by construction. */
export interface ProjectUsage {
  day: Day;
  projectId: string;
  region: string;
  resourceType: string;
  metric: Metric;
  reservationId: string;
  quantity: number;
}

export interface MeteringOptions {
  /** What the hours of a GPU VM are counted in: GPUs, or instances of its type. */
  gpuMetric: "gpu-hours" | "instance-hours";
}

/** Reads off the organisation's history what each of its resources uses and when; that of a day is then cheap. */
export const meterResources = (organization: Organization, options: MeteringOptions): MeteredResource[] =>
  meterSome(organization, organization, options);

/** Resources of an organisation that are to be metered. */
export type Meterable = Pick<Organization, "vms" | "disks" | "snapshots">;

/** The same of some of its resources. */
export function meterSome(
  { vmTypes }: Pick<Organization, "vmTypes">,
  { vms, disks, snapshots }: Meterable,
  options: MeteringOptions,
): MeteredResource[] {
  const gpusOf = new Map(vmTypes.map((type) => [type.productName, type.numGpu]));
  const metered = [
    ...vms.flatMap((vm) => meterVm(vm, gpusOf, options)),
    ...disks.map(meterDisk),
    ...snapshots.map(meterSnapshot),
  ].filter(({ segments }) => segments.length > 0);
  return metered.sort(inOrder);
}

/** What was metered, with some of it metered anew. */
export function withMetered(
  metered: readonly MeteredResource[],
  anew: readonly MeteredResource[],
  changedIds: ReadonlySet<string>,
): MeteredResource[] {
  const merged: MeteredResource[] = [];
  let next = 0;
  for (const resource of metered) {
    if (changedIds.has(resource.resourceId)) continue;
    for (let one = anew[next]; one && inOrder(one, resource) < 0; one = anew[++next]) merged.push(one);
    merged.push(resource);
  }
  return [...merged, ...anew.slice(next)];
}

const inOrder = (a: MeteredResource, b: MeteredResource): number =>
  startOf(a) - startOf(b) || (a.resourceId < b.resourceId ? -1 : 1);

const startOf = (resource: MeteredResource): Instant =>
  resource.segments[0]?.from ?? Number.POSITIVE_INFINITY;
const endOf = (resource: MeteredResource): Instant =>
  resource.segments.at(-1)?.to ?? Number.NEGATIVE_INFINITY;

/** A VM's usage, once for each type that it ever was of. */
function meterVm(
  vm: Vm,
  gpusOf: ReadonlyMap<string, number>,
  { gpuMetric }: MeteringOptions,
): MeteredResource[] {
  return typesOf(vm).map(({ type, ...era }) => {
    const numGpu = gpusOf.get(type) ?? 0;
    const metric = numGpu > 0 ? gpuMetric : "instance-hours";
    const amount = metric === "gpu-hours" ? numGpu : 1;
    const segments = segmentsOf(vm, era, amount);
    return { ...subject(vm, type), metric, isSpot: vm.isSpot, segments };
  });
}

function segmentsOf(vm: Vm, era: Interval, amount: number): Segment[] {
  const lifetime = intersect({ from: vm.createdAt, to: vm.deletedAt }, era);
  let onDemand: Interval[] = vm.runs.flatMap((run) => (lifetime && intersect(run, lifetime)) ?? []);
  for (const hole of vm.unmetered) onDemand = without(onDemand, hole);
  const segments: Segment[] = [];
  for (const { reservationId, ...membership } of vm.reservations) {
    for (const run of onDemand) {
      const reserved = intersect(run, membership);
      if (reserved) segments.push(segment(reserved, amount, reservationId));
    }
    onDemand = without(onDemand, membership);
  }
  for (const run of onDemand) segments.push(segment(run, amount));
  return segments.sort((a, b) => a.from - b.from);
}

function meterDisk(disk: Disk): MeteredResource {
  const segments = disk.sizes.flatMap(({ from, sizeGib }, position) => {
    const held = intersect(
      { from: disk.createdAt, to: disk.deletedAt },
      { from, to: disk.sizes[position + 1]?.from ?? null },
    );
    return held ? [segment(held, sizeGib)] : [];
  });
  return { ...subject(disk, disk.type), metric: "gib-hours", isSpot: false, segments };
}

function meterSnapshot(snapshot: Snapshot): MeteredResource {
  const kept = segment({ from: snapshot.createdAt, to: snapshot.deletedAt }, snapshot.sizeBytes / 2 ** 30);
  return {
    ...subject(snapshot, "snapshot"),
    metric: "gib-hours",
    isSpot: false,
    segments: kept.from < kept.to ? [kept] : [],
  };
}

const segment = ({ from, to }: Interval, amount: number, reservationId = ""): Segment => ({
  from,
  to: to ?? Number.POSITIVE_INFINITY,
  reservationId,
  amount,
});

const subject = (
  { id, name, projectId, location }: { id: string; name: string; projectId: string; location: string },
  resourceType: string,
) => ({ resourceId: id, resourceName: name, projectId, region: regionOf(location), resourceType });

/** Which days, and of which resources. Nothing after `clock` is metered: it has not happened yet. */
export interface UsageSelection {
  fromDay: Day;
  /** Inclusive. */
  toDay: Day;
  clock: Instant;
  /** How the figures come to what they are; default at once. */
  settling?: Settling;
  selects?: (resource: MeteredResource) => boolean;
}

/**
 * Per-resource usage, day by day, as it is known by the clock: all of a day's, then the next day's.
 */
export const usageByResource = (
  resources: readonly MeteredResource[],
  selection: UsageSelection,
): Generator<ResourceUsage[]> =>
  asSettled(meterByDay(resources, selection), selection.clock, selection.settling ?? atOnce);

/**
 * Only the resources in use are looked at, and one day is held at a time, so that years of a large fleet stream
 * in bounded memory.
 */
function* meterByDay(
  resources: readonly MeteredResource[],
  { fromDay, toDay, clock, selects }: UsageSelection,
): Generator<ResourceUsage[]> {
  const firstDay = Math.max(fromDay, dayOf(resources[0] ? startOf(resources[0]) : clock));
  const lastDay = Math.min(toDay, dayOf(clock));
  const begin = startOfDay(firstDay);
  let active: Active[] = [];
  let upcoming = 0;
  for (let day = firstDay; day <= lastDay; day++) {
    const dayStart = startOfDay(day);
    const dayEnd = Math.min(startOfDay(day + 1), clock);
    for (; upcoming < resources.length; upcoming++) {
      const resource = resources[upcoming];
      if (!resource || startOf(resource) >= dayEnd) break;
      if (endOf(resource) > begin && (!selects || selects(resource)))
        active.push(activeFrom(resource, upcoming, 0));
    }
    const rows: ResourceUsage[] = [];
    let hasEnded = false;
    for (const [position, entry] of active.entries()) {
      let current = entry;
      if (entry.to <= dayStart) {
        const { segments } = entry.resource;
        let { next } = entry;
        while ((segments[next]?.to ?? Number.POSITIVE_INFINITY) <= dayStart) next++;
        current = activeFrom(entry.resource, entry.number, next);
        active[position] = current;
        hasEnded ||= next >= segments.length;
      }
      const { resource, number, reservationId, amount } = current;
      const isAllDay = current.from <= dayStart && current.to >= dayEnd && dayStart < dayEnd;
      if (isAllDay && amount > 0) {
        rows.push({ day, resource, number, reservationId, quantity: ((dayEnd - dayStart) * amount) / 3600 });
      } else meterDay(current, day, dayStart, dayEnd, rows);
    }
    if (hasEnded) active = active.filter(({ from }) => from !== nothing.from);
    yield rows;
  }
}

/** A resource while its days are counted: with what it uses now at hand, as most use the same for many days. */
interface Active {
  resource: MeteredResource;
  number: number;
  /** The segment that ends first of those that have not ended; what follows is read off it. */
  next: number;
  from: Instant;
  to: Instant;
  amount: number;
  reservationId: string;
}

function activeFrom(resource: MeteredResource, number: number, next: number): Active {
  const { from, to, amount, reservationId } = resource.segments[next] ?? nothing;
  return { resource, number, next, from, to, amount, reservationId };
}

const nothing: Segment = {
  from: Number.POSITIVE_INFINITY,
  to: Number.POSITIVE_INFINITY,
  amount: 0,
  reservationId: "",
};

/** Adds a row for each account that the resource used in the day, its seconds summed before they become hours. */
function meterDay(
  { resource, number, next }: Active,
  day: Day,
  dayStart: Instant,
  dayEnd: Instant,
  rows: ResourceUsage[],
): void {
  const firstRow = rows.length;
  for (let position = next; position < resource.segments.length; position++) {
    const used = resource.segments[position];
    if (!used || used.from >= dayEnd) break;
    const seconds = Math.min(used.to, dayEnd) - Math.max(used.from, dayStart);
    if (seconds <= 0 || used.amount <= 0) continue;
    let row: ResourceUsage | undefined;
    for (let earlier = firstRow; earlier < rows.length; earlier++) {
      if (rows[earlier]?.reservationId === used.reservationId) row = rows[earlier];
    }
    if (!row) {
      row = { day, resource, number, reservationId: used.reservationId, quantity: 0 };
      rows.push(row);
    }
    row.quantity += seconds * used.amount;
  }
  for (let position = firstRow; position < rows.length; position++) {
    const row = rows[position];
    if (row) row.quantity /= 3600;
  }
}

/** Project-level usage, day by day: the per-resource rows of each day, summed. */
export function* usageByProject(
  resources: readonly MeteredResource[],
  selection: UsageSelection,
): Generator<ProjectUsage[]> {
  for (const rows of usageByResource(resources, selection)) {
    const sums = new Map<string, ProjectUsage>();
    for (const { day, resource, reservationId, quantity } of rows) {
      const { projectId, region, resourceType, metric } = resource;
      const key = [projectId, region, resourceType, metric, reservationId].join("\u0000");
      const sum = sums.get(key);
      if (sum) sum.quantity += quantity;
      else sums.set(key, { day, projectId, region, resourceType, metric, reservationId, quantity });
    }
    yield [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  }
}
