import type { FaultInput } from "./faults/rule.ts";
import { type Instant, type Interval, instantOf } from "./instant.ts";

/** From its creation until just before its deletion a resource is in the inventory. */
export interface Lifetime {
  createdAt: Instant;
  deletedAt: Instant | null;
}

export interface AccessKey {
  accessKeyId: string;
  /** Base64url text, as Crusoe gives it out. */
  secretKey: string;
}

export interface Project extends Lifetime {
  id: string;
  name: string;
  relation: string;
}

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
  /** Of a type that hangs on InfiniBand. */
  infiniband: { guid: string; networkId: string; partitionId: string } | null;
}

export interface Attachment extends Interval {
  vmId: string;
  type: "os" | "data";
  mode: "read-write" | "read-only";
}

export interface Disk extends Lifetime {
  id: string;
  name: string;
  projectId: string;
  /** `persistent-ssd` or `shared-volume`; also the resource type that it is metered as. */
  type: string;
  location: string;
  blockSize: number;
  serialNumber: string;
  /** Its size from each instant on; the first entry is that of its creation. */
  sizes: { from: Instant; sizeGib: number }[];
  attachments: Attachment[];
}

export interface Snapshot extends Lifetime {
  id: string;
  name: string;
  projectId: string;
  location: string;
  sourceDiskId: string;
  sizeBytes: number;
  blockSize: number;
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
  desiredCounts: { from: Instant; count: number }[];
}

export interface Network extends Lifetime {
  id: string;
  name: string;
  projectId: string;
  cidr: string;
  gateway: string;
}

export interface Subnet extends Lifetime {
  id: string;
  name: string;
  projectId: string;
  networkId: string;
  cidr: string;
  location: string;
}

export interface FirewallRule extends Lifetime {
  id: string;
  name: string;
  projectId: string;
  networkId: string;
  action: "allow" | "deny";
  direction: "ingress" | "egress";
  protocols: string[];
  sources: string[];
  sourcePorts: string[];
  destinations: string[];
  destinationPorts: string[];
}

export interface LoadBalancer extends Lifetime {
  id: string;
  name: string;
  projectId: string;
  networkId: string;
  subnetId: string;
  location: string;
  isInternal: boolean;
  address: string;
  port: number;
  backendPort: number;
  /** The group whose running VMs it spreads requests over; null where it is given single ones. */
  groupId: string | null;
  /** VMs that it spreads requests over whether they run or not. */
  vms: Vm[];
}

export interface Reservation {
  id: string;
  /** A VM type's product name, or the line that several sizes share, such as `h100-80gb-sxm-ib`. */
  productLine: string;
  /** Instances where the product line is a VM type's product name, GPUs otherwise. */
  quantity: number;
  /** Per GPU-hour or instance-hour, as text. */
  price: string;
  reservationType: string;
  locations: string[];
  projectIds: string[];
  contract: { from: Instant; to: Instant };
  deliveredAt: Instant;
}

/** What an hour of something costs who has no contract. */
export interface ListPrice {
  resourceType: string;
  unitPrice: number;
  /** Of a spot VM; null where there is no other price for it. */
  spotUnitPrice: number | null;
  from: Instant;
  to: Instant | null;
}

/** How much of something there may be at once. */
export interface Quota {
  name: string;
  description: string;
  counts: "gpus" | "vms" | "disk-gib" | "snapshots";
  /** Only VMs of types of that line; null for all. */
  productLine: string | null;
  max: number;
  /** Null for one of the whole organisation. */
  projectId: string | null;
}

export interface Identity {
  id: string;
  name: string;
  email: string;
  role: string;
}

export interface SshKey extends Lifetime {
  id: string;
  name: string;
  publicKey: string;
}

export interface Token extends Lifetime {
  accessKeyId: string;
  alias: string;
  expiresAt: Instant;
  lastUsedAt: Instant | null;
}

/**
 * An organisation as a history: not what there is, but all that ever was and when. Inventory and usage are
 * both read off it for any instant, so they can't contradict each other.
 */
export interface Organization {
  id: string;
  name: string;
  companyName: string;
  billing: { balance: string; method: string; isDelinquent: boolean };
  /** The instant at which the organisation stands, for who needs one. */
  now: Date;
  /** Counts changes: whoever changes the history raises it, and what was derived is derived anew. */
  revision: number;
  /** What is to go wrong with requests to whoever serves it. */
  faults: FaultInput[];
  accessKeys: AccessKey[];
  identity: Identity;
  sshKeys: SshKey[];
  tokens: Token[];
  locations: string[];
  capacities: { location: string; type: string; quantity: number }[];
  projects: Project[];
  vmTypes: VmType[];
  vms: Vm[];
  disks: Disk[];
  snapshots: Snapshot[];
  images: Image[];
  templates: Template[];
  groups: InstanceGroup[];
  networks: Network[];
  subnets: Subnet[];
  firewallRules: FirewallRule[];
  loadBalancers: LoadBalancer[];
  reservations: Reservation[];
  listPrices: ListPrice[];
  quotas: Quota[];
}

/**
 * An organisation with nothing in it, to be filled.
 *
 * @example emptyOrganization({ id: "0b1e…", name: "Acme", now: new Date("2026-11-03T06:00:00Z") })
 */
export function emptyOrganization(about: { id: string; name: string; now: Date }): Organization {
  return {
    ...about,
    companyName: about.name,
    billing: { balance: "$0.00", method: "manual", isDelinquent: false },
    revision: 0,
    faults: [],
    accessKeys: [],
    identity: { id: about.id, name: "Owner", email: "owner@example.com", role: "owner" },
    sshKeys: [],
    tokens: [],
    locations: [],
    capacities: [],
    projects: [],
    vmTypes: [],
    vms: [],
    disks: [],
    snapshots: [],
    images: [],
    templates: [],
    groups: [],
    networks: [],
    subnets: [],
    firewallRules: [],
    loadBalancers: [],
    reservations: [],
    listPrices: [],
    quotas: [],
  };
}

/** The line that several sizes of a VM type share: the product name without its size. */
export const productLineOf = (type: string): string => type.replace(/\.\d+x$/, "");

/** The region that usage is reported in: the location without its zone letter. */
export const regionOf = (location: string): string => location.replace(/-[a-z]$/, "");

/** The instant at which the organisation stands. */
export const standsAt = (organization: Organization): Instant => instantOf(organization.now);
