import { ConfigError } from "../errors/config-error.ts";

/** A time zone. What its wall clock shows is told as the instant at which a clock of UTC shows the same. */
export interface Zone {
  wallClockAt(instant: number): number;
  /**
   * The first instant at which the wall clock shows this; where it skips it, the instant at which it does so; null
   * where it skips a whole day with it, as a zone does that moves across the date line.
   */
  instantOf(wallClock: number): number | null;
}

const hourMs = 3_600_000;

/** The farthest that a zone was ever from UTC, and a change of it. */
const farMs = 36 * hourMs;

/** @throws ConfigError where there is no such zone */
export function createZone(name: string): Zone {
  const wallClockAt = clockOf(name);
  const offsetAt = (instant: number) => wallClockAt(instant) - instant;
  return {
    wallClockAt,
    instantOf(wallClock) {
      const before = wallClock - offsetAt(wallClock - farMs);
      const after = wallClock - offsetAt(wallClock + farMs);
      const first = Math.min(before, after);
      const last = Math.max(before, after);
      if (wallClockAt(first) === wallClock) return first;
      if (wallClockAt(last) === wallClock) return last;
      if (last - first > 12 * hourMs) return null;
      return changeBetween(first, last, offsetAt);
    },
  };
}

/** The first whole minute by which the offset has changed. */
function changeBetween(from: number, to: number, offsetAt: (instant: number) => number): number {
  const old = offsetAt(from);
  let [low, high] = [Math.floor(from / 60_000), Math.ceil(to / 60_000)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle * 60_000) === old) low = middle;
    else high = middle;
  }
  return high * 60_000;
}

function clockOf(timeZone: string): (instant: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "gregory",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    throw new ConfigError(`tally.toml: schedule.time_zone: there is no zone ${JSON.stringify(timeZone)}.`, {
      hint: "Use a name of the IANA time zone database, such as Europe/Berlin, America/New_York or UTC.",
    });
  }
  return (instant) => {
    const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
    return (
      Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")) +
      (((instant % 1000) + 1000) % 1000)
    );
  };
}
