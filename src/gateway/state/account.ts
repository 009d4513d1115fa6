import type { Instant } from "../instant.ts";
import type { Lifetime } from "./lifetime.ts";

export interface AccessKey {
  accessKeyId: string;
  /** Base64url text, as Crusoe gives it out. */
  secretKey: string;
  /** What its holder may do, such as `viewer`. Default: what the organisation's identity may. */
  role?: string;
}

export interface Billing {
  balance: string;
  method: string;
  isDelinquent: boolean;
  address?: {
    line1: string;
    line2: string;
    city: string;
    country: string;
    postalCode: string;
    region: string;
  };
  taxId?: string;
  taxIdType?: "EIN" | "VAT";
}

export interface Project extends Lifetime {
  id: string;
  name: string;
  relation: string;
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
  /** What they may do. */
  role: string;
  /** What they say that they are; nothing follows from it. */
  statedRole?: string;
}

export interface SshKey extends Lifetime {
  id: string;
  name: string;
  publicKey: string;
}

export interface Token extends Lifetime {
  accessKeyId: string;
  /** Base64url text; missing where nobody can sign with it. */
  secretKey?: string;
  /** As with a key: that of the one by which it was made. */
  role?: string;
  alias: string;
  expiresAt: Instant;
  lastUsedAt: Instant | null;
}
