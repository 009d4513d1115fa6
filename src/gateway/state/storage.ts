import type { Instant, Interval } from "../instant.ts";
import type { Former, Lifetime } from "./lifetime.ts";

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
  /** What it was called before: in order of time. */
  formerly?: Former<{ name: string }>[];
}
