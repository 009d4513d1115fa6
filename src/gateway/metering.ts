import { type Instant, type Interval, intersect, without } from "./instant.ts";
import { typesOf } from "./inventory.ts";
import { type Disk, type Organization, regionOf, type Snapshot, type Vm } from "./state.ts";

export type Metric = "gpu-hours" | "instance-hours" | "gib-hours";

/** A stretch of time in which a resource uses the same amount each second, on one account. */
export interface Segment {
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

/** What was metered, without some and with others: all but these stay where they are, and none of them is looked at. */
export function withMetered(
  metered: readonly MeteredResource[],
  former: readonly MeteredResource[],
  anew: readonly MeteredResource[],
): MeteredResource[] {
  const changed = [...metered];
  for (const resource of former) changed.splice(placeOf(changed, resource), 1);
  for (const resource of anew) changed.splice(placeOf(changed, resource), 0, resource);
  return changed;
}

/** Where in the order a resource is, or would be. */
function placeOf(metered: readonly MeteredResource[], resource: MeteredResource): number {
  let [low, high] = [0, metered.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const one = metered[middle];
    if (one && one !== resource && inOrder(one, resource) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

const inOrder = (a: MeteredResource, b: MeteredResource): number =>
  startOf(a) - startOf(b) || (a.resourceId < b.resourceId ? -1 : a.resourceId > b.resourceId ? 1 : 0);

export const startOf = (resource: MeteredResource): Instant =>
  resource.segments[0]?.from ?? Number.POSITIVE_INFINITY;
export const endOf = (resource: MeteredResource): Instant =>
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
