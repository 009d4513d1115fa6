import type { Instant } from "../instant.ts";

/** From its creation until just before its deletion a resource is in the inventory. */
export interface Lifetime {
  createdAt: Instant;
  deletedAt: Instant | null;
}

/** What of a resource was otherwise until just before an instant. */
export interface Former<Fields> {
  until: Instant;
  was: Partial<Fields>;
}
