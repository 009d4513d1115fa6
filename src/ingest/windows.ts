/** A UTC day as `YYYY-MM-DD`. Days compare as text. */
export type Day = string;

/** A span of days; both ends belong to it. */
export interface Window {
  from: Day;
  to: Day;
}

/** The UTC day of an instant. */
export function dayOf(instant: Date): Day {
  return instant.toISOString().slice(0, 10);
}

/** The day that is so many days after, or before. */
export function addDays(day: Day, days: number): Day {
  const instant = new Date(`${day}T00:00:00Z`);
  instant.setUTCDate(instant.getUTCDate() + days);
  return dayOf(instant);
}

/** The first day of the day's month. */
export const firstOfMonth = (day: Day): Day => `${day.slice(0, 8)}01`;
/** Of two days the first. */
export const earlier = (a: Day, b: Day): Day => (a < b ? a : b);

/** The span cut at the calendar's months, newest first; none where it is empty. */
export function monthWindows({ from, to }: Window): Window[] {
  const windows: Window[] = [];
  for (let end = to; end >= from; ) {
    const start = firstOfMonth(end);
    windows.push({ from: start < from ? from : start, to: end });
    end = addDays(start, -1);
  }
  return windows;
}

/** Days that the API has usage for, as usage/options gives them. */
export interface OfferedDays {
  start: Day;
  end: Day | null;
}

const furthestAhead = 31;

/**
 * The days that usage is read for: from the first on offer to the last on offer or today, whichever is later.
 * A last day in the far future is a way of saying "open", and is not followed.
 */
export function usageRange({ start, end }: OfferedDays, today: Day): Window {
  const last = end && end > today ? earlier(end, addDays(today, furthestAhead)) : today;
  return { from: start, to: last };
}

const settlingDays = 3;

/**
 * The first day that every run reads anew, since recent days are restated: the lookback's, and on the first
 * days of a month the first of the month before, so that a month is read once more as a whole when it is over.
 */
export function refreshFrom(today: Day, lookbackDays: number): Day {
  const lookback = addDays(today, -lookbackDays);
  const isMonthSettling = Number(today.slice(8)) <= settlingDays;
  return isMonthSettling ? earlier(lookback, firstOfMonth(addDays(firstOfMonth(today), -1))) : lookback;
}
