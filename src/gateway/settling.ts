import type { ResourceUsage } from "./daily-usage.ts";
import { type Instant, secondsPerDay, startOfDay } from "./instant.ts";
import { drawOf, randomOf } from "./random.ts";

/** How figures of usage come to be what they are: late, and at first not all right. In the end they are exact. */
export interface Settling {
  /** What it is drawn from which rows come late or are restated. */
  seed: string;
  /** A day is answered from so many hours after its end on; null where usage is answered as it is metered. */
  afterHours: number | null;
  /** That share of a day's rows comes only at some time in the days after. */
  late: { share: number; withinDays: number };
  /** That share of a day's rows is so many times what it should be, until some time in the days after. */
  restated: { share: number; factor: number; withinDays: number };
}

/** Usage is exact as soon as it is metered. */
export const atOnce: Settling = {
  seed: "",
  afterHours: null,
  late: { share: 0, withinDays: 0 },
  restated: { share: 0, factor: 1, withinDays: 0 },
};

const settlesAt = (day: number, { afterHours }: Settling): Instant =>
  startOfDay(day + 1) + (afterHours ?? 0) * 3600;

/** What the API says at `clock` of what each day's rows came to. */
export function* asSettled(
  days: Iterable<ResourceUsage[]>,
  clock: Instant,
  settling: Settling,
): Generator<ResourceUsage[]> {
  const { late, restated, afterHours } = settling;
  const openDays = Math.max(
    late.share > 0 ? late.withinDays : 0,
    restated.share > 0 ? restated.withinDays : 0,
  );
  for (const rows of days) {
    const [first] = rows;
    if (!first) {
      yield rows;
      continue;
    }
    const settled = settlesAt(first.day, settling);
    if (afterHours !== null && clock < settled) return;
    yield clock >= settled + openDays * secondsPerDay
      ? rows
      : rows.flatMap((row) => asKnown(row, clock - settled, settling));
  }
}

/** The row as it is known so many seconds after its day settled; the accounts of a resource's day go together. */
function asKnown(row: ResourceUsage, seconds: number, { seed, late, restated }: Settling): ResourceUsage[] {
  const fixed = Math.floor(randomOf(seed, "settling", row.resource.resourceId)() * 2 ** 32);
  const draw = (number: number) => drawOf(fixed, row.day * 4 + number);
  // In the hours after it settled it is as it is at first, however little its time comes to.
  const isBefore = ({ withinDays }: { withinDays: number }, number: number) =>
    seconds < (1 - draw(number)) * withinDays * secondsPerDay;
  if (draw(0) < late.share && isBefore(late, 1)) return [];
  if (draw(2) < restated.share && isBefore(restated, 3))
    return [{ ...row, quantity: row.quantity * restated.factor }];
  return [row];
}
