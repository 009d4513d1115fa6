import type { Effects } from "../effects.ts";
import { exitCodes } from "../errors/tally-error.ts";
import { dueSlot } from "./due.ts";
import type { Slots } from "./slots.ts";

/** What the scheduler is made of; a test passes a clock and a run of its own. */
export interface SchedulerParts {
  effects: Pick<Effects, "wallClock" | "log">;
  slots: Slots;
  jitterMs: number;
  /** From 0 up to 1, as Math.random. */
  random(): number;
  /** When the workspace's runs began. */
  runsBegun(): Promise<readonly Date[]>;
  /** Does a run, and gives its exit code; null where a signal ended it. */
  runOnce(): Promise<number | null>;
  /** Waits so long, or until it is to stop. */
  sleep(ms: number): Promise<void>;
  /** Called now and then while nothing is under way. */
  onIdle(): Promise<void>;
  stop: AbortSignal;
}

/** The clock is looked at so often, since a timer does not count the time that a machine sleeps. */
const lookEveryMs = 30_000;

/** Another process holds the workspace: it is looked at again after so long. */
const lockedMs = 60_000;

const mostSlotsKept = 1000;

/** Runs whenever a slot is due and had no run yet, one at a time, until it is to stop. */
export async function keepSchedule(parts: SchedulerParts): Promise<void> {
  const { effects, slots, stop } = parts;
  const { log, wallClock } = effects;
  const begun = new Set<number>();
  const startedAt = wallClock();
  let jitter: { slot: number; untilMs: number } | undefined;
  sayNext(parts);
  while (!stop.aborted) {
    const now = wallClock();
    const slot = dueSlot(slots, now, { runs: await parts.runsBegun(), slots: begun });
    if (slot === null) {
      await parts.onIdle();
      const next = slots.after(now);
      await parts.sleep(
        Math.max(0, Math.min(lookEveryMs, (next?.getTime() ?? Number.MAX_SAFE_INTEGER) - now.getTime())),
      );
      continue;
    }
    // What was missed while nothing was up is caught up at once.
    const delayMs = slot < startedAt ? 0 : Math.min(parts.jitterMs, untilNextMs(slots, slot));
    if (jitter?.slot !== slot.getTime()) {
      jitter = { slot: slot.getTime(), untilMs: slot.getTime() + Math.floor(parts.random() * delayMs) };
    }
    const waitMs = jitter.untilMs - now.getTime();
    if (waitMs > 0) {
      await parts.sleep(Math.min(lookEveryMs, waitMs));
      continue;
    }
    log.info(`the run of ${slot.toISOString()} begins`);
    begun.add(slot.getTime());
    const code = await parts.runOnce();
    if (begun.size > mostSlotsKept) begun.delete([...begun][0] ?? 0);
    if (stop.aborted) return;
    if (code === exitCodes.locked) {
      begun.delete(slot.getTime());
      await parts.sleep(lockedMs);
      continue;
    }
    if (code === exitCodes.done) log.info("the run is done");
    else log.warn(`the run ended with ${code === null ? "a signal" : `exit code ${code}`}`);
    sayNext(parts);
  }
}

/** A run that is delayed into the next slot would have its turn taken by that one, night after night. */
const untilNextMs = (slots: Slots, slot: Date): number =>
  (slots.after(slot)?.getTime() ?? Number.POSITIVE_INFINITY) - slot.getTime();

function sayNext({ effects: { log, wallClock }, slots }: SchedulerParts): void {
  const next = slots.after(wallClock());
  log.info(
    next === null ? "no run is due within nine years" : `the next run is due at ${next.toISOString()}`,
  );
}
