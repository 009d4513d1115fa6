import type { Instant, Interval } from "../instant.ts";
import type { Lifetime } from "./lifetime.ts";

export interface VmType {
  productName: string;
  /** Empty for a CPU type. */
  gpuType: string;
  numGpu: number;
  cpuCores: number;
  cpuType: string;
  memoryGb: number;
  memoryType: string;
  diskGb: number;
  diskType: string;
  description: string;
}

export interface VmNetworkInterface {
  id: string;
  networkId: string;
  subnetId: string;
  privateIp: string;
  /** Null where the VM has no public address. */
  publicIp: { id: string; address: string; type: "static" | "dynamic" } | null;
  macAddress: string;
}

/** How busy a VM's GPUs are while it runs, in shares of all they can do. */
export interface Utilisation {
  mean: number;
  /** How far the day carries it above the mean at its peak, and below it half a day from there. */
  dailySwing: number;
  /** The second of the day at which it is highest. */
  peakAt: number;
  /** How far it strays from minute to minute, to either side. */
  noise: number;
  /** The mean on Saturdays and Sundays; null where these are days like any other. */
  weekendMean: number | null;
}

/** A VM's whole life. Only while it runs is it metered, and does it occupy its reservation. */
export interface Vm extends Lifetime {
  id: string;
  name: string;
  projectId: string;
  type: string;
  /** Of which types it was before, each until just before an instant: in order of time. */
  formerTypes?: { type: string; until: Instant }[];
  location: string;
  isSpot: boolean;
  /** When it ran: in order, apart from each other, within its lifetime. */
  runs: Interval[];
  /** When it belonged to which reservation: in order, apart from each other. */
  reservations: (Interval & { reservationId: string })[];
  /** When the provider's metering missed it, though it ran. */
  unmetered: Interval[];
  /** When it was reset: it ran on. */
  resets: Instant[];
  /** When it was to start, and did not. */
  failedStarts: Instant[];
  /** Null where nobody watches it. */
  utilisation: Utilisation | null;
  groupId: string | null;
  templateId: string | null;
  networkInterface: VmNetworkInterface | null;
  /** What is done with it for maintenance; `unspecified` where that was not said. */
  maintenancePolicy?: string;
  /** Of a type that hangs on InfiniBand. */
  infiniband: { guid: string; networkId: string; partitionId: string } | null;
}

export interface Image extends Lifetime {
  id: string;
  name: string;
  description: string;
  locations: string[];
  tags: string[];
  /** What `product_group` selects by, such as `gpu` or `cpu`. */
  productGroup: string;
  /** Null for an image of the provider's. */
  projectId: string | null;
}

export interface Template extends Lifetime {
  id: string;
  name: string;
  projectId: string;
  type: string;
  location: string;
  imageName: string;
  customImageName?: string;
  partitionId?: string;
  /** What address its VMs have for the outside; null for none. */
  publicIpType?: "static" | "dynamic" | null;
  maintenancePolicy?: string;
  placementPolicy?: string;
  subnetId: string;
  reservationId: string;
  disks: { type: string; sizeGib: number }[];
  sshPublicKey: string;
  startupScript: string;
  shutdownScript: string;
}

export interface InstanceGroup extends Lifetime {
  id: string;
  name: string;
  projectId: string;
  templateId: string;
  /** When its name or template was last changed. */
  changedAt?: Instant;
  desiredCounts: { from: Instant; count: number }[];
}
