import { createTask, parse, validateDetailed } from "node-cron";
import { ConfigError } from "../errors/config-error.ts";
import type { ScheduleSettings } from "../schedule-settings.ts";
import { createZone } from "./zone.ts";

/** When runs are due: each time of the wall clock that the cron expression names is one slot, and comes once. */
export interface Slots {
  /** The first instant after `instant` at which a run is due; null where none is within nine years. */
  after(instant: Date): Date | null;
  /** The last instant up to `instant` at which one was due. */
  upTo(instant: Date): Date | null;
}

const dayMs = 86_400_000;

/** From one 29 February to the next there may be eight years. */
const mostDays = 9 * 366;

/**
 * Reads a cron expression of five fields. node-cron says which times of the wall clock it names; which instants
 * those are is reckoned here, so that a clock that is set forward or back makes a night neither missed nor
 * doubled: a time that the clocks skip is due when they skip it, and one that comes twice is due the first time.
 *
 * @throws ConfigError where the expression or the zone can't be read
 */
export function readSlots({ cron, timeZone }: Pick<ScheduleSettings, "cron" | "timeZone">): Slots {
  const fields = cron.trim().split(/\s+/);
  const checked = validateDetailed(cron);
  if (fields.length !== 5 || !checked.valid) {
    const reason =
      fields.length !== 5 ? `it has ${fields.length} fields, not five` : checked.errors[0]?.message;
    throw new ConfigError(
      `tally.toml: schedule.cron: ${JSON.stringify(cron)} can't be read: ${reason ?? "not cron"}.`,
      {
        hint: 'Write minute, hour, day of month, month and day of week, such as cron = "30 2 * * *".',
      },
    );
  }
  const zone = createZone(timeZone);
  const { minute: minutes, hour: hours } = parse(cron);
  const times = hours
    .toSorted((a, b) => a - b)
    .flatMap((hour) => minutes.toSorted((a, b) => a - b).map((minute) => (hour * 60 + minute) * 60_000));
  // The wall clock is taken as if it were of a zone that never changes.
  const calendar = createTask(cron, () => undefined, { timezone: "Etc/UTC" });
  const [firstTime = 0] = times;
  const isNamed = (day: number) => calendar.match(new Date(day + firstTime));
  // The schedule looks at the same two days again and again.
  const kept = new Map<number, readonly number[]>();
  const slotsOf = (day: number): readonly number[] => {
    const known = kept.get(day);
    if (known) return known;
    if (kept.size > 8) kept.clear();
    const slots = isNamed(day)
      ? times.map((time) => zone.instantOf(day + time)).filter((at) => at !== null)
      : [];
    kept.set(day, slots);
    return slots;
  };

  function search(from: Date, step: 1 | -1, isWanted: (at: number) => boolean): Date | null {
    const wallClock = zone.wallClockAt(from.getTime());
    const today = wallClock - (((wallClock % dayMs) + dayMs) % dayMs);
    for (let day = -1; day <= mostDays; day++) {
      const date = today + step * day * dayMs;
      const slots = slotsOf(date);
      const found = step === 1 ? slots.find(isWanted) : slots.findLast(isWanted);
      if (found !== undefined) return new Date(found);
    }
    return null;
  }
  return {
    after: (instant) => search(instant, 1, (at) => at > instant.getTime()),
    upTo: (instant) => search(instant, -1, (at) => at <= instant.getTime()),
  };
}
