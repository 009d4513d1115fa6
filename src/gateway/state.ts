import type { FaultInput } from "./faults/rule.ts";
import { type Instant, instantOf } from "./instant.ts";
import type { SavedQuirks } from "./quirks.ts";
import { atOnce, type Settling } from "./settling.ts";
import type {
  AccessKey,
  Billing,
  Identity,
  ListPrice,
  Project,
  Quota,
  Reservation,
  SshKey,
  Token,
} from "./state/account.ts";
import type { Image, InstanceGroup, Template, Vm, VmType } from "./state/compute.ts";
import type { FirewallRule, LoadBalancer, Network, Subnet } from "./state/networking.ts";
import type { RecordedOperation } from "./state/operations.ts";
import type { Disk, Snapshot } from "./state/storage.ts";

export type * from "./state/account.ts";
export type * from "./state/compute.ts";
export type * from "./state/lifetime.ts";
export type * from "./state/networking.ts";
export type * from "./state/operations.ts";
export type * from "./state/storage.ts";

/**
 * An organisation as a history: not what there is, but all that ever was and when. Inventory and usage are
 * both read off it for any instant, so they can't contradict each other.
 */
export interface Organization {
  id: string;
  name: string;
  companyName: string;
  billing: Billing;
  /** The instant at which the organisation stands, for who needs one. */
  now: Date;
  /**
   * Counts changes to the past: whoever changes the history by hand raises it, and what was derived is derived
   * anew. What is added at the end of a list or told by an operation needs no such thing.
   */
  revision: number;
  /** Counts what clients made: every id that is given out is drawn from it. */
  made: number;
  /** What clients asked for, in the order in which they asked. */
  operations: RecordedOperation[];
  /** What is to go wrong with requests to whoever serves it. */
  faults: FaultInput[];
  /** How its figures of usage come to be what they are. */
  settling: Settling;
  /** In what its server differs from the reference. */
  quirks: SavedQuirks;
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
    made: 0,
    operations: [],
    faults: [],
    settling: atOnce,
    quirks: {},
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
