import { dayText, decimalText } from "./exact-text.ts";
import { isReadWhole } from "./independent-reservations.ts";
import { centreOn, divided, gpuHours, known, type Sums, total } from "./independent-sums.ts";
import { type RandomOrganization, today, typeNamed, type UsageRow } from "./random-organization.ts";

/** The scopes that GPU-hours of a project on a day belong to, as scope and value. */
function scopesOf(organization: RandomOrganization, row: UsageRow): [string, string][] {
  // GPU-hours of a type of no known GPU are called after its name's beginning.
  const gpuType = typeNamed(row.type)?.gpuType ?? row.type.split(/[.-]/)[0]?.toUpperCase() ?? "unknown";
  const scopes: [string, string][] = [
    ["all", "all"],
    ["project", row.project],
    ["gpu_type", gpuType],
    ["region", row.region ?? "unknown"],
  ];
  if (organization.centres.length > 0) {
    scopes.push(["cost_centre", centreOn(organization, row.project, row.day) ?? "unassigned"]);
  }
  return scopes;
}

export interface Scope {
  scope: string;
  value: string;
  first: number;
  /** The day from which up to the first every day was read whole and had none. */
  knownFrom: number;
  /** GPU-hours by day from the first on: known in all, known in part, or not at all. */
  days: Map<number, { hours: bigint | null; isWhole: boolean }>;
}

export function scopesIn(organization: RandomOrganization): Scope[] {
  const { windows } = organization;
  // A row of 0 GPU-hours begins a scope as any other.
  const used = known(organization).filter((row) => gpuHours(row) !== null);
  const rows = new Map<string, { scope: string; value: string; rows: UsageRow[] }>();
  for (const row of used) {
    for (const [scope, value] of scopesOf(organization, row)) {
      const key = `${scope} ${value}`;
      const found = rows.get(key) ?? { scope, value, rows: [] };
      found.rows.push(row);
      rows.set(key, found);
    }
  }
  return [...rows.values()].map(({ scope, value, rows: own }) => {
    const firstOf = new Map<string, number>();
    for (const { project, day } of own) firstOf.set(project, Math.min(firstOf.get(project) ?? today, day));
    /** Whether a project had used GPUs in the scope by then and, in a cost centre, belongs to it. */
    const isMember = (project: string, day: number) =>
      (firstOf.get(project) ?? today) <= day &&
      (scope !== "cost_centre" || (centreOn(organization, project, day) ?? "unassigned") === value);
    const first = Math.min(...own.map(({ day }) => day));
    const days: Scope["days"] = new Map();
    for (let day = first; day < today; day++) {
      const ofDay = own.filter((row) => row.day === day);
      const isWhole = [...firstOf.keys()].every(
        (project) => !isMember(project, day) || isReadWhole(windows, project, day),
      );
      const hours = ofDay.length > 0 ? total(ofDay.map((row) => gpuHours(row) ?? 0n)) : isWhole ? 0n : null;
      days.set(day, { hours, isWhole });
    }
    let knownFrom = first;
    const begun = [...new Set(own.filter(({ day }) => day === first).map(({ project }) => project))];
    while (knownFrom > 0 && begun.every((project) => isReadWhole(windows, project, knownFrom - 1)))
      knownFrom--;
    return { scope, value, first, knownFrom, days };
  });
}

/** The sum of some days; null unless all were read whole. Before the first use there was none. */
function sumOf({ first, knownFrom, days }: Scope, from: number, to: number): bigint | null {
  let sum = 0n;
  for (let day = from; day <= to; day++) {
    if (day < first && day >= knownFrom) continue;
    const one = days.get(day);
    if (!one?.isWhole) return null;
    sum += one.hours ?? 0n;
  }
  return sum;
}

const ratio = (now: bigint | null, before: bigint | null) =>
  now === null || before === null || before === 0n
    ? null
    : String(divided(now * 1_000_000n, before) - 1_000_000n);

export const dateOf = (day: number) => new Date(`${dayText(day)}T00:00:00Z`);

/** What the trend of a random organisation should be, by integers and from decisions 13 and 36. */
export function expectedTrend(organization: RandomOrganization): Sums<unknown> {
  const expected: Sums<unknown> = new Map();
  for (const scope of scopesIn(organization)) {
    for (const [day, { hours }] of scope.days) {
      // Days before the first use are in no mean, for they are not in the trend.
      const mean = (length: number, to = day) =>
        to - length + 1 < scope.first ? null : sumOf(scope, to - length + 1, to);
      const meanText = (length: number) => {
        const sum = mean(length);
        return sum === null ? null : decimalText(divided(sum, BigInt(length)), 12);
      };
      const date = dateOf(day);
      const monthStart = day - date.getUTCDate() + 1;
      const daysBefore = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 0)).getUTCDate();
      const previousStart = monthStart - daysBefore;
      const toDate = sumOf(scope, monthStart, day);
      const previous = sumOf(
        scope,
        previousStart,
        previousStart + Math.min(date.getUTCDate(), daysBefore) - 1,
      );
      const text = (sum: bigint | null) => (sum === null ? null : decimalText(sum, 12));
      expected.set(JSON.stringify([dayText(day), scope.scope, scope.value]), {
        gpu_hours: text(hours),
        mean_7d: meanText(7),
        mean_28d: meanText(28),
        week_millionths: ratio(mean(7), mean(7, day - 7)),
        month_millionths: ratio(mean(28), mean(28, day - 28)),
        month_to_date: text(toDate),
        previous_month_to_date: text(previous),
        month_to_date_millionths: ratio(toDate, previous),
      });
    }
  }
  return expected;
}
