import { UsageError } from "../errors/usage-error.ts";

/**
 * The UTC day that an option names, if it is given.
 *
 * @throws UsageError where it is no day as YYYY-MM-DD
 */
export function dayOf(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const day = new Date(`${text}T00:00:00Z`);
  if (
    !/^\d{4}-\d\d-\d\d$/.test(text) ||
    Number.isNaN(day.getTime()) ||
    day.toISOString().slice(0, 10) !== text
  ) {
    throw new UsageError(`${option} takes a day such as 2026-10-01, not ${JSON.stringify(text)}.`, {
      hint: "Write a day of the calendar as YYYY-MM-DD; it is meant in UTC.",
    });
  }
  return text;
}
