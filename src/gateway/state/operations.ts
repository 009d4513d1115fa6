import type { Instant } from "../instant.ts";

/** The list that an operation is answered in: one for each kind of resource. */
export type OperationList =
  | "vm"
  | "custom-image"
  | "disk"
  | "snapshot"
  | "network"
  | "subnet"
  | "firewall-rule"
  | "load-balancer"
  | "internal-load-balancer";

/**
 * Something that a client asked for. Its effect stands in the history already, at the instant at which it is
 * completed; so whoever reads the history at any time finds it done or not yet done.
 */
export interface RecordedOperation {
  id: string;
  list: OperationList;
  action: string;
  projectId: string;
  resourceId: string;
  resourceName: string;
  startedAt: Instant;
  completedAt: Instant;
  /** Why it comes to nothing; null where it succeeds. */
  failure: { code: string; message: string } | null;
  /** Every resource in whose history it wrote. */
  touched: string[];
  /** What it made or changed, where that is answered as a list; null where it is the one resource. */
  resultIds: string[] | null;
}
