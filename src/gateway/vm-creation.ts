import { interfaceIn, subnetFor } from "./addresses.ts";
import type { Instant } from "./instant.ts";
import { hexOf, uuidOf } from "./random.ts";
import type { Call } from "./route.ts";
import type { Disk, Reservation, Vm } from "./state.ts";
import { attachDisk } from "./vm-history.ts";
import { newId } from "./writing.ts";

/** What the system's own disk of a new VM holds. */
const systemDiskGib = 128;

/** A VM that is to be, all that was asked having been found right. */
export interface VmPlan {
  name: string;
  projectId: string;
  type: string;
  location: string;
  subnetId: string;
  publicIpType: "static" | "dynamic" | null;
  partitionId: string;
  maintenancePolicy: string;
  reservation: Reservation | null;
  /** Disks that there are already. */
  disks: readonly { disk: Disk; type: "os" | "data"; mode: "read-write" | "read-only" }[];
  /** Disks that are to be made with it. */
  newDisks: readonly { type: string; sizeGib: number }[];
  groupId: string | null;
  templateId: string | null;
}

/** How many GiB of disks the VM would bring with it. */
export const newDiskGib = ({ disks, newDisks }: Pick<VmPlan, "disks" | "newDisks">): number =>
  newDisks.reduce((sum, { sizeGib }) => sum + sizeGib, 0) +
  (disks.some(({ type }) => type === "os") ? 0 : systemDiskGib);

/** Writes a VM into the history, running from its creation on, and says whatever was written in for it. */
export function createVm(call: Call, plan: VmPlan, createdAt: Instant): { vm: Vm; touched: string[] } {
  const { organization } = call;
  const { disks, newDisks, reservation, subnetId, publicIpType, partitionId, ...about } = plan;
  const id = newId(call);
  const subnet = subnetFor(call, { projectId: plan.projectId, location: plan.location, subnetId });
  const vm: Vm = {
    ...about,
    id,
    isSpot: false,
    createdAt,
    deletedAt: null,
    runs: [{ from: createdAt, to: null }],
    reservations:
      reservation && createdAt < reservation.contract.to
        ? [{ reservationId: reservation.id, from: createdAt, to: reservation.contract.to }]
        : [],
    unmetered: [],
    resets: [],
    failedStarts: [],
    utilisation: null,
    networkInterface: interfaceIn(call, subnet, id, publicIpType),
    infiniband: infinibandOf(call, plan, id),
  };
  organization.vms.push(vm);
  for (const { disk, ...how } of disks) attachDisk(disk, { vmId: id, ...how }, createdAt);
  const made = [
    ...(disks.some(({ type }) => type === "os")
      ? []
      : [{ suffix: "os", kind: "os" as const, type: "persistent-ssd", sizeGib: systemDiskGib }]),
    ...newDisks.map((disk, position) => ({ suffix: `data-${position + 1}`, kind: "data" as const, ...disk })),
  ].map(({ suffix, kind, type, sizeGib }): Disk => {
    const diskId = newId(call);
    return {
      id: diskId,
      name: `${plan.name}-${suffix}`,
      projectId: plan.projectId,
      type,
      location: plan.location,
      blockSize: 4096,
      serialNumber: hexOf(19, "serial", diskId),
      sizes: [{ from: createdAt, sizeGib }],
      attachments: [{ from: createdAt, to: null, vmId: id, type: kind, mode: "read-write" }],
      createdAt,
      deletedAt: null,
    };
  });
  organization.disks.push(...made);
  return { vm, touched: [id, ...disks.map(({ disk }) => disk.id), ...made.map((disk) => disk.id)] };
}

/** VMs of types that hang on InfiniBand share the fabric of their location. */
function infinibandOf(
  { organization }: Call,
  { type, location, projectId, partitionId }: VmPlan,
  id: string,
): Vm["infiniband"] {
  if (!/-ib\./.test(type)) return null;
  const neighbour = organization.vms.find((vm) => vm.location === location && vm.infiniband)?.infiniband;
  return {
    guid: (hexOf(16, "guid", id).toLowerCase().match(/..../g) ?? []).join(":"),
    networkId: neighbour?.networkId ?? uuidOf(organization.id, "ib-network", location),
    partitionId: partitionId || uuidOf(organization.id, "ib-partition", projectId, location),
  };
}
