/** Whole seconds since 1970-01-01T00:00:00Z. The gateway meters to the second, so a finer clock has no place in it. */
export type Instant = number;

/** A UTC day, counted from 1970-01-01. */
export type Day = number;

/** From `from` until just before `to`; null while it still goes on. */
export interface Interval {
  from: Instant;
  to: Instant | null;
}

export const secondsPerDay = 86_400;

/** The API writes years with four digits. */
export const lastInstant: Instant = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

export const instantOf = (date: Date): Instant => Math.floor(date.getTime() / 1000);
export const dayOf = (instant: Instant): Day => Math.floor(instant / secondsPerDay);
export const startOfDay = (day: Day): Instant => day * secondsPerDay;

/** The instant as the API writes it: `2021-12-03T19:58:34Z`. */
export function isoOf(instant: Instant): string {
  const day = dayOf(instant);
  const second = Math.floor(instant) - startOfDay(day);
  return `${dateOf(day)}T${twoDigits(second / 3600)}:${twoDigits((second % 3600) / 60)}:${twoDigits(second % 60)}Z`;
}

const twoDigits = (number: number): string =>
  number < 10 ? `0${Math.floor(number)}` : `${Math.floor(number)}`;

/** Answers hold very many times of the same few days. */
const dates = new Map<Day, string>();
const mostDates = 10_000;

/** The day as the API writes it: `2021-12-03`. */
export function dateOf(day: Day): string {
  const known = dates.get(day);
  if (known !== undefined) return known;
  if (dates.size >= mostDates) dates.clear();
  const text = new Date(startOfDay(day) * 1000).toISOString().slice(0, 10);
  dates.set(day, text);
  return text;
}

/** The day of a `YYYY-MM-DD` that is in the calendar; null for anything else. */
export function parseDate(text: string): Day | null {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return null;
  const time = Date.parse(`${text}T00:00:00Z`);
  // The engine takes 2023-02-30 for the 2nd of March; the round trip does not.
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text) return null;
  return dayOf(time / 1000);
}

/** The instant of a date, or of a UTC time to the minute or second; null for anything else. */
export function parseInstant(text: string): Instant | null {
  const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d):(\d\d)(?::(\d\d))?Z)?$/.exec(text);
  if (!match) return null;
  const day = parseDate(match[1] ?? "");
  const [hours, minutes, seconds] = [match[2], match[3], match[4]].map((part) => Number(part ?? 0));
  if (day === null || hours === undefined || minutes === undefined || seconds === undefined) return null;
  if (hours > 23 || minutes > 59 || seconds > 59) return null;
  return startOfDay(day) + hours * 3600 + minutes * 60 + seconds;
}

export const holds = (interval: Interval, at: Instant): boolean =>
  interval.from <= at && (interval.to === null || at < interval.to);

/** What both intervals share; null where that is nothing. */
export function intersect(a: Interval, b: Interval): Interval | null {
  const from = Math.max(a.from, b.from);
  const to = a.to === null ? b.to : b.to === null ? a.to : Math.min(a.to, b.to);
  return to === null || from < to ? { from, to } : null;
}

/** What is left of `intervals` without `hole`. */
export function without(intervals: readonly Interval[], hole: Interval): Interval[] {
  const left: Interval[] = [];
  for (const interval of intervals) {
    const before = intersect(interval, { from: Number.NEGATIVE_INFINITY, to: hole.from });
    const after = hole.to === null ? null : intersect(interval, { from: hole.to, to: null });
    if (before) left.push(before);
    if (after) left.push(after);
  }
  return left;
}
