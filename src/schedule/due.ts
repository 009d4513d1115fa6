import type { Slots } from "./slots.ts";

/** What is known of runs, to tell whether a slot had its own. */
export interface Begun {
  /** When runs began, by the log of the workspace. */
  runs: readonly Date[];
  /** The slots that this process has begun a run for, whatever became of it. */
  slots: ReadonlySet<number>;
}

/** A run that the log has for later than now counts where the clock was set back, and not where it was years wrong. */
const farthestAheadMs = 26 * 3_600_000;

/**
 * The slot that a run is due for: the last one, where no run began since. However many were missed, by a machine
 * that was off or asleep or a clock that jumped, that is one.
 */
export function dueSlot(slots: Slots, now: Date, begun: Begun): Date | null {
  const slot = slots.upTo(now);
  if (slot === null || begun.slots.has(slot.getTime())) return null;
  const latest = now.getTime() + farthestAheadMs;
  const hasRun = begun.runs.some((at) => at >= slot && at.getTime() <= latest);
  return hasRun ? null : slot;
}
