import { UsageError } from "../errors/usage-error.ts";
import { addDays, daysBetween, earlier, isoDate, type Period, shortDate } from "./month.ts";

/** The ISO week that holds a day: `2026-W44`. */
export function weekOf(date: string): string {
  const thursday = addDays(mondayOf(date), 3);
  const firstThursday = addDays(mondayOf(`${thursday.slice(0, 4)}-01-04`), 3);
  const number = daysBetween(firstThursday, thursday) / 7 + 1;
  return `${thursday.slice(0, 4)}-W${String(number).padStart(2, "0")}`;
}

/** The last ISO week that is over. */
export function lastWeek(now: Date): string {
  return weekOf(addDays(mondayOf(isoDate(now)), -1));
}

/**
 * The period of an ISO week, compared with the week before; one that still runs with as many days of it.
 *
 * @throws UsageError where there is no such week
 */
export function weekPeriod(week: string, now: Date): Period {
  const [, year = "", number = ""] = /^(\d{4})-W(\d\d)$/.exec(week) ?? [];
  const start = year && addDays(mondayOf(`${year}-01-04`), 7 * (Number(number) - 1));
  if (!start || weekOf(start) !== week) {
    throw new UsageError(`${JSON.stringify(week)} is no ISO week.`, { hint: "Write it as 2026-W44." });
  }
  const today = isoDate(now);
  const end = addDays(start, 7);
  const isRunning = end > today;
  const previousStart = addDays(start, -7);
  const elapsed = daysBetween(start, earlier(end, today));
  const previousEnd = isRunning && elapsed > 0 ? addDays(previousStart, elapsed) : start;
  const isWhole = previousEnd === start;
  const previous = `week ${Number(weekOf(previousStart).slice(6))}`;
  return {
    kind: "week",
    key: week,
    name: `week ${Number(number)} of ${year}`,
    start,
    end,
    previousStart,
    previousEnd,
    previousName: isWhole
      ? previous
      : `${shortDate(previousStart)} to ${shortDate(addDays(previousEnd, -1))}`,
    previousWhen: isWhole
      ? `in ${previous}`
      : `from ${shortDate(previousStart)} to ${shortDate(addDays(previousEnd, -1))}`,
    today,
    isRunning,
    elapsedDays: Math.max(1, elapsed),
  };
}

function mondayOf(date: string): string {
  return addDays(date, -((new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7));
}
