import { ConfigError } from "../errors/config-error.ts";
import { UsageError } from "../errors/usage-error.ts";

const monthNames = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

const dayMs = 86_400_000;

/** A month or ISO week to report on, and the days before that it is compared with. Ends are exclusive. */
export interface Period {
  kind: "month" | "week";
  /** YYYY-MM, or YYYY-Www: the name of its folder. */
  key: string;
  /** `October 2026`, or `week 44 of 2026`. */
  name: string;
  start: string;
  end: string;
  previousStart: string;
  previousEnd: string;
  /** `September`, with its year where that is another one; `1–14 September` where the month still runs. */
  previousName: string;
  /** `in September`, or `on 1–14 September`. */
  previousWhen: string;
  /** The UTC day on which the report is made. */
  today: string;
  isRunning: boolean;
  /** Days of it that are over, or all of them. */
  elapsedDays: number;
}

/** What there is to report on: a month with its last day of usage, if it has any. */
export interface KnownMonth {
  month: string;
  last_usage_date: string | null;
}

/**
 * The month to report on: the one that is named, else the last complete one that holds data, else the one
 * that runs. Where there is no data at all, it is the last complete month, and its page says so.
 *
 * @throws UsageError that lists the months with data, where the named one has none
 */
export function chooseMonth(known: readonly KnownMonth[], now: Date, named: string | undefined): Period {
  const months = known.map(({ month }) => month).sort();
  const running = isoDate(now).slice(0, 7);
  if (named !== undefined && !months.includes(named)) throw noSuchMonth(named, months);
  const complete = months.filter((month) => month < running);
  const month = named ?? complete.at(-1) ?? months[0] ?? monthBefore(running);
  return periodOf(month, now, known.find((entry) => entry.month === month)?.last_usage_date ?? null);
}

function noSuchMonth(named: string, months: readonly string[]): Error {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(named)) {
    return new UsageError(`${JSON.stringify(named)} is no month.`, { hint: "Write it as 2026-09." });
  }
  if (months.length === 0) {
    return new ConfigError(`There is nothing to report on for ${named}: no usage has been read yet.`, {
      hint: "Read it with `tally run`.",
    });
  }
  return new UsageError(`There are no data for ${named}.`, {
    hint: `There are for ${spans(months)}.`,
  });
}

/** The period of one month. A month that still runs is compared with as many days of the one before. */
export function periodOf(month: string, now: Date, lastUsageDate: string | null): Period {
  const today = isoDate(now);
  const monthStart = `${month}-01`;
  const monthEnd = `${monthAfter(month)}-01`;
  const previous = monthBefore(month);
  const previousStart = `${previous}-01`;
  const isRunning = monthEnd > today;
  const comparedDays = daysBetween(monthStart, lastUsageDate ?? today) + (lastUsageDate ? 1 : 0);
  const previousEnd =
    isRunning && comparedDays > 0 ? earlier(addDays(previousStart, comparedDays), monthStart) : monthStart;
  const isWhole = previousEnd === monthStart;
  const previousName = isWhole
    ? nearName(previous, month)
    : dayRange(Number(addDays(previousEnd, -1).slice(8)), nearName(previous, month));
  return {
    kind: "month",
    key: month,
    name: monthName(month),
    start: monthStart,
    end: monthEnd,
    previousStart,
    previousEnd,
    previousName,
    previousWhen: `${isWhole ? "in" : "on"} ${previousName}`,
    today,
    isRunning,
    elapsedDays: Math.max(1, daysBetween(monthStart, earlier(monthEnd, today))),
  };
}

/** `October 2026` */
export function monthName(month: string): string {
  return `${monthNames[Number(month.slice(5)) - 1]} ${month.slice(0, 4)}`;
}

function dayRange(last: number, month: string): string {
  return last === 1 ? `1 ${month}` : `1\u2013${last} ${month}`;
}

/** The name of a month beside another one: the year is said only where it differs. */
function nearName(month: string, beside: string): string {
  const full = monthName(month);
  return month.slice(0, 4) === beside.slice(0, 4) ? full.slice(0, -5) : full;
}

/** `14 October 2026`, from an ISO date or the start of a time stamp. */
export function dateName(date: string): string {
  return `${Number(date.slice(8, 10))} ${monthName(date.slice(0, 7))}`;
}

/** `14 Oct`, where the year is known. */
export function shortDate(date: string): string {
  return `${Number(date.slice(8, 10))} ${monthNames[Number(date.slice(5, 7)) - 1]?.slice(0, 3)}`;
}

/** `3 November 2026, 06:00 UTC`, from a time stamp as DuckDB writes it or as ISO 8601 has it. */
export function instantName(instant: string): string {
  return `${dateName(instant)}, ${instant.slice(11, 16)} UTC`;
}

export function isoDate(instant: Date): string {
  return instant.toISOString().slice(0, 10);
}

export function addDays(date: string, days: number): string {
  return isoDate(new Date(Date.parse(date) + days * dayMs));
}

/** Every day of a period, also those to come. */
export function daysOf({ start, end }: Pick<Period, "start" | "end">): string[] {
  return Array.from({ length: daysBetween(start, end) }, (_, i) => addDays(start, i));
}

/** Days from one date to the other. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / dayMs);
}

export function earlier(a: string, b: string): string {
  return a < b ? a : b;
}

function monthAfter(month: string): string {
  return isoDate(new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 1))).slice(0, 7);
}

function monthBefore(month: string): string {
  return addDays(`${month}-01`, -1).slice(0, 7);
}

/** Months in a row as one span: `2025-09 to 2026-11`, `2026-01, 2026-03 to 2026-05`. */
function spans(months: readonly string[]): string {
  const found: [string, string][] = [];
  for (const month of months) {
    const last = found.at(-1);
    if (last && monthAfter(last[1]) === month) last[1] = month;
    else found.push([month, month]);
  }
  return found.map(([from, to]) => (from === to ? from : `${from} to ${to}`)).join(", ");
}
