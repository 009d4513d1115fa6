import { holds, type Instant, type Interval } from "./instant.ts";
import { livingVms } from "./living-vms.ts";
import type {
  Attachment,
  Disk,
  InstanceGroup,
  Lifetime,
  Organization,
  Reservation,
  Vm,
  VmType,
} from "./state.ts";

/** What the inventory is looked up by. It is derived from the history, and follows it. */
export interface InventoryIndex {
  typeByName: ReadonlyMap<string, VmType>;
  vmById: ReadonlyMap<string, Vm>;
  diskById: ReadonlyMap<string, Disk>;
  disksByVm: ReadonlyMap<string, readonly Disk[]>;
  vmsByGroup: ReadonlyMap<string, readonly Vm[]>;
  vmsByReservation: ReadonlyMap<string, readonly Vm[]>;
  /** Those of a project that are in the inventory at an instant, by name. */
  livingVms: (projectId: string, at: Instant) => readonly Vm[];
}

/** An index that can be told what came about since it was made. */
export interface GrowingIndex extends InventoryIndex {
  /** Takes in a VM that is new, or joined a reservation. */
  takeVm: (vm: Vm) => void;
  /** Takes in a disk that is new, or was attached. */
  takeDisk: (disk: Disk) => void;
}

export function indexInventory(organization: Organization): GrowingIndex {
  const vmById = new Map(organization.vms.map((vm) => [vm.id, vm]));
  const diskById = new Map(organization.disks.map((disk) => [disk.id, disk]));
  const disksByVm = groupByEach(organization.disks, vmIdsOf);
  const vmsByGroup = groupByEach(organization.vms, groupIdsOf);
  const vmsByReservation = groupByEach(organization.vms, reservationIdsOf);
  const living = livingVms(organization.vms);
  return {
    typeByName: new Map(organization.vmTypes.map((type) => [type.productName, type])),
    vmById,
    diskById,
    disksByVm,
    vmsByGroup,
    vmsByReservation,
    livingVms: living.at,
    takeVm(vm) {
      living.take(vm);
      if (!vmById.has(vm.id)) join(vmsByGroup, vm, groupIdsOf(vm));
      vmById.set(vm.id, vm);
      join(vmsByReservation, vm, reservationIdsOf(vm));
    },
    takeDisk(disk) {
      diskById.set(disk.id, disk);
      join(disksByVm, disk, vmIdsOf(disk));
    },
  };
}

const vmIdsOf = (disk: Disk): string[] => disk.attachments.map(({ vmId }) => vmId);
const groupIdsOf = ({ groupId }: Vm): string[] => (groupId === null ? [] : [groupId]);
const reservationIdsOf = (vm: Vm): string[] => vm.reservations.map(({ reservationId }) => reservationId);

/** The items under each of their keys, in their order. */
export function groupByEach<T>(
  items: readonly T[],
  keysOf: (item: T) => readonly string[],
): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    for (const key of new Set(keysOf(item))) {
      const group = groups.get(key);
      if (group) group.push(item);
      else groups.set(key, [item]);
    }
  }
  return groups;
}

function join<T>(groups: Map<string, T[]>, item: T, keys: readonly string[]): void {
  for (const key of new Set(keys)) {
    const group = groups.get(key);
    if (!group) groups.set(key, [item]);
    else if (!group.includes(item)) group.push(item);
  }
}

/** Whether the resource is in the inventory at that instant. */
export const isLiving = ({ createdAt, deletedAt }: Lifetime, at: Instant): boolean =>
  createdAt <= at && (deletedAt === null || at < deletedAt);

/** Those of the resources that are in the inventory at that instant. */
export const living = <T extends Lifetime>(resources: readonly T[], at: Instant): T[] =>
  resources.filter((resource) => isLiving(resource, at));

export const isRunning = (vm: Vm, at: Instant): boolean =>
  isLiving(vm, at) && vm.runs.some((run) => holds(run, at));

/** Of which types the VM ever was, and when. */
export function typesOf(vm: Vm): (Interval & { type: string })[] {
  const former = vm.formerTypes ?? [];
  const eras = former.map(({ type, until }, position) => ({
    type,
    from: former[position - 1]?.until ?? vm.createdAt,
    to: until,
  }));
  return [...eras, { type: vm.type, from: former.at(-1)?.until ?? vm.createdAt, to: null }];
}

export const typeAt = ({ type, formerTypes }: Vm, at: Instant): string =>
  formerTypes?.find(({ until }) => at < until)?.type ?? type;

/** The reservation that the VM belongs to at that instant; empty where it is on demand. */
export const reservationIdAt = (vm: Vm, at: Instant): string =>
  vm.reservations.find((membership) => holds(membership, at))?.reservationId ?? "";

/** When the VM last changed, as known at that instant. */
export function vmUpdatedAt(vm: Vm, at: Instant, index: InventoryIndex): Instant {
  let last = lastChange(vm.createdAt, at, vm.runs);
  last = lastChange(last, at, vm.reservations);
  for (const { until } of vm.formerTypes ?? []) if (until <= at && until > last) last = until;
  for (const { attachments } of index.disksByVm.get(vm.id) ?? []) {
    for (const attachment of attachments) {
      if (attachment.vmId === vm.id) last = lastChange(last, at, [attachment]);
    }
  }
  return last;
}

/** When the disk last changed, as known at that instant. */
export function diskUpdatedAt(disk: Disk, at: Instant): Instant {
  let last = lastChange(disk.createdAt, at, disk.attachments);
  for (const { from } of disk.sizes) if (from <= at && from > last) last = from;
  return last;
}

function lastChange(before: Instant, at: Instant, changes: readonly Interval[]): Instant {
  let last = before;
  for (const { from, to } of changes) {
    if (from <= at && from > last) last = from;
    if (to !== null && to <= at && to > last) last = to;
  }
  return last;
}

/** The disk's attachments at that instant, to VMs that are in the inventory. */
export const attachmentsAt = (disk: Disk, at: Instant, index: InventoryIndex): Attachment[] =>
  disk.attachments.filter((attachment) => {
    const vm = index.vmById.get(attachment.vmId);
    return holds(attachment, at) && vm !== undefined && isLiving(vm, at);
  });

export const sizeGibAt = (disk: Disk, at: Instant): number =>
  disk.sizes.findLast(({ from }) => from <= at)?.sizeGib ?? disk.sizes[0]?.sizeGib ?? 0;

interface Held {
  disk: Disk;
  attachment: Attachment;
}

/** The disks that the VM holds at that instant, each with how: that of its system first, then as they were attached. */
export const disksOfVm = (vm: Vm, at: Instant, index: InventoryIndex): Held[] =>
  (index.disksByVm.get(vm.id) ?? [])
    .flatMap((disk): Held[] => {
      const attachment = disk.attachments.find(
        ({ vmId, ...interval }) => vmId === vm.id && holds(interval, at),
      );
      return attachment && isLiving(disk, at) ? [{ disk, attachment }] : [];
    })
    .sort(asAttached);

const asAttached = (a: Held, b: Held): number =>
  Number(b.attachment.type === "os") - Number(a.attachment.type === "os") ||
  a.attachment.from - b.attachment.from ||
  (a.disk.name < b.disk.name ? -1 : a.disk.name > b.disk.name ? 1 : a.disk.id < b.disk.id ? -1 : 1);

export const desiredCountAt = (group: InstanceGroup, at: Instant): number =>
  group.desiredCounts.findLast(({ from }) => from <= at)?.count ?? 0;

/**
 * The VMs that occupy the reservation at that instant, and how much of it: instances where it is for one VM
 * type, GPUs otherwise.
 */
export function reservationUseAt(
  reservation: Reservation,
  at: Instant,
  index: InventoryIndex,
): { vms: Vm[]; usedQuantity: number } {
  const isOfOneType = index.typeByName.has(reservation.productLine);
  const vms = (index.vmsByReservation.get(reservation.id) ?? []).filter(
    (vm) => isRunning(vm, at) && reservationIdAt(vm, at) === reservation.id,
  );
  // In no order that depends on who joined when it was looked at.
  vms.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  const usedQuantity = vms.reduce(
    (sum, vm) => sum + (isOfOneType ? 1 : (index.typeByName.get(typeAt(vm, at))?.numGpu ?? 0)),
    0,
  );
  return { vms, usedQuantity };
}
