import { type Instant, type Interval, secondsPerDay } from "./instant.ts";
import { randomOf, uuidOf } from "./random.ts";
import type { Attachment, Disk, Lifetime, OperationList, Vm } from "./state.ts";

export type OperationState = "IN_PROGRESS" | "SUCCEEDED" | "FAILED";

/** Something that was done to a resource. It takes effect at the instant at which it is completed. */
export interface Operation {
  id: string;
  resourceId: string;
  action: string;
  startedAt: Instant;
  completedAt: Instant;
  /** Why it comes to nothing; null where it succeeds. */
  failure: { code: string; message: string } | null;
}

/** A change in a resource's history, which some operation must have brought about. */
interface Change {
  action: string;
  at: Instant;
  hasFailed?: boolean;
  /** What tells it from another of the same action at the same time. */
  about?: string;
}

type Resource = Lifetime & { id: string };

/** About how many seconds an action takes; what is not here is done at once. */
const typicalSeconds: Readonly<Record<string, number>> = {
  "vm CREATE": 95,
  "vm DELETE": 40,
  "vm START": 60,
  "vm STOP": 35,
  "vm RESET": 25,
  "vm UPDATE": 20,
  "vm ATTACH_DISKS": 8,
  "vm DETACH_DISKS": 8,
  "disk CREATE": 5,
  "disk DELETE": 5,
  "disk UPDATE": 6,
  "snapshot CREATE": 240,
  "snapshot UPDATE": 3,
  "snapshot DELETE": 10,
  "network CREATE": 3,
  "network UPDATE": 3,
  "network DELETE": 3,
  "subnet CREATE": 3,
  "subnet UPDATE": 3,
  "subnet DELETE": 3,
  "firewall-rule CREATE": 3,
  "firewall-rule UPDATE": 3,
  "firewall-rule DELETE": 3,
  "load-balancer CREATE": 45,
  "load-balancer UPDATE": 20,
  "load-balancer DELETE": 20,
  "internal-load-balancer CREATE": 45,
  "internal-load-balancer UPDATE": 20,
  "internal-load-balancer DELETE": 20,
  "custom-image CREATE": 180,
};

/** About how many seconds that one takes: the same for the same id. */
export function secondsOf(list: OperationList, action: string, id: string): number {
  const typical = typicalSeconds[`${list} ${action}`] ?? 0;
  return Math.round(typical * (0.6 + 0.8 * randomOf(id)()));
}

/** What is told of an action for which there was no room. */
export const outOfStock = { code: "out_of_stock", message: "there is no room for it in its location" };

/**
 * The operations of a resource's life that are answered at an instant, from its changes; the same for the same
 * history. One begins when the one before it has ended.
 */
export function operationsAt(
  list: OperationList,
  resource: Resource,
  changes: readonly Change[],
  { at: now, keptSeconds }: { at: Instant; keptSeconds: number },
): { operation: Operation; state: OperationState }[] {
  return [...changes]
    .sort((a, b) => a.at - b.at)
    .flatMap(({ action, at, hasFailed = false, about = "" }, position, sorted) => {
      // Before anything is reckoned of it: a long life has many that were forgotten long ago.
      if (now < at - longestSeconds || now >= at + keptSeconds) return [];
      const free = sorted[position - 1]?.at ?? Number.NEGATIVE_INFINITY;
      const id = uuidOf("operation", resource.id, action, at, about);
      const startedAt = Math.max(at - secondsOf(list, action, id), free);
      const failure = hasFailed ? outOfStock : null;
      const operation = { id, resourceId: resource.id, action, startedAt, completedAt: at, failure };
      const state = stateAt(operation, now, keptSeconds);
      return state === null ? [] : [{ operation, state }];
    });
}

/** What every resource goes through. */
export const lifeChanges = ({ createdAt, deletedAt }: Lifetime): Change[] => [
  { action: "CREATE", at: createdAt },
  ...(deletedAt === null ? [] : [{ action: "DELETE", at: deletedAt }]),
];

/** A VM's; who is created or deleted while it runs is not started or stopped besides. */
export function vmChanges(vm: Vm, disks: readonly Disk[]): Change[] {
  const within = (at: Instant | null): at is Instant =>
    at !== null && vm.createdAt < at && (vm.deletedAt === null || at < vm.deletedAt);
  const both = (intervals: readonly Interval[], [begin, end]: readonly [string, string], about = "") =>
    intervals.flatMap(({ from, to }) => [
      ...(within(from) ? [{ action: begin, at: from, about }] : []),
      ...(within(to) ? [{ action: end, at: to, about }] : []),
    ]);
  return [
    ...lifeChanges(vm),
    ...both(vm.runs, ["START", "STOP"]),
    ...both(vm.reservations, ["RESERVE", "UNRESERVE"]),
    ...vm.resets.map((at) => ({ action: "RESET", at })),
    ...vm.failedStarts.map((at) => ({ action: "START", at, hasFailed: true })),
    ...disks.flatMap((disk) =>
      both(
        disk.attachments.filter(({ vmId }) => vmId === vm.id),
        ["ATTACH_DISKS", "DETACH_DISKS"],
        disk.id,
      ),
    ),
  ];
}

/** A disk's; that of a VM's system comes and goes with the VM, and has none. */
export const diskChanges = (disk: Disk): Change[] =>
  disk.attachments.some(({ type }: Attachment) => type === "os")
    ? []
    : [...lifeChanges(disk), ...disk.sizes.slice(1).map(({ from }) => ({ action: "UPDATE", at: from }))];

/** What it has come to at that instant; null where it has not begun, or is kept no longer. */
export function stateAt(
  { startedAt, completedAt, failure }: Pick<Operation, "startedAt" | "completedAt" | "failure">,
  at: Instant,
  keptSeconds: number,
): OperationState | null {
  if (at < startedAt || at >= completedAt + keptSeconds) return null;
  if (at < completedAt) return "IN_PROGRESS";
  return failure ? "FAILED" : "SUCCEEDED";
}

/** Nothing begins so long before it takes effect. */
const longestSeconds = secondsPerDay;

/** Whether the resource may have operations that are still answered at that instant. */
export const mayHaveOperations = (
  { createdAt, deletedAt }: Lifetime,
  at: Instant,
  keptSeconds: number,
): boolean => createdAt - longestSeconds <= at && (deletedAt === null || at < deletedAt + keptSeconds);
