import { UsageError } from "../errors/usage-error.ts";

/**
 * The instant that an option names.
 *
 * @throws UsageError where it is no ISO 8601 instant with a zone
 */
export function instantOf(text: string, option = "--as-of"): Date {
  const instant = new Date(text);
  const [, day] = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)$/.exec(text) ?? [];
  // A day that the month has not, such as 2026-02-30, is read as one of the next month.
  const isDay = day !== undefined && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
  if (Number.isNaN(instant.getTime()) || !isDay) {
    throw new UsageError(`${option} takes an instant, not ${JSON.stringify(text)}.`, {
      hint: "Write it with its zone, such as 2026-10-05T06:00:00Z.",
    });
  }
  return instant;
}
