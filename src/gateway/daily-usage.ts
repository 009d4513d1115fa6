import { type Day, dayOf, type Instant, startOfDay } from "./instant.ts";
import { endOf, type MeteredResource, type Metric, type Segment, startOf } from "./metering.ts";
import { asSettled, atOnce, type Settling } from "./settling.ts";

/** What one resource used in one day on one account. */
export interface ResourceUsage {
  day: Day;
  resource: MeteredResource;
  /** Its place among all that are metered. */
  number: number;
  reservationId: string;
  quantity: number;
}

/** What all resources of one kind used in one day: the sum of their ResourceUsage, by construction. */
export interface ProjectUsage {
  day: Day;
  projectId: string;
  region: string;
  resourceType: string;
  metric: Metric;
  reservationId: string;
  quantity: number;
}

/** Which days, and of which resources. Nothing after `clock` is metered: it has not happened yet. */
export interface UsageSelection {
  fromDay: Day;
  /** Inclusive. */
  toDay: Day;
  clock: Instant;
  /** How the figures come to what they are; default at once. */
  settling?: Settling;
  selects?: (resource: MeteredResource) => boolean;
}

/**
 * Per-resource usage, day by day, as it is known by the clock: all of a day's, then the next day's.
 */
export const usageByResource = (
  resources: readonly MeteredResource[],
  selection: UsageSelection,
): Generator<ResourceUsage[]> =>
  asSettled(meterByDay(resources, selection), selection.clock, selection.settling ?? atOnce);

/**
 * Only the resources in use are looked at, and one day is held at a time, so that years of a large fleet stream
 * in bounded memory.
 */
function* meterByDay(
  resources: readonly MeteredResource[],
  { fromDay, toDay, clock, selects }: UsageSelection,
): Generator<ResourceUsage[]> {
  const firstDay = Math.max(fromDay, dayOf(resources[0] ? startOf(resources[0]) : clock));
  const lastDay = Math.min(toDay, dayOf(clock));
  const begin = startOfDay(firstDay);
  let active: Active[] = [];
  let upcoming = 0;
  for (let day = firstDay; day <= lastDay; day++) {
    const dayStart = startOfDay(day);
    const dayEnd = Math.min(startOfDay(day + 1), clock);
    for (; upcoming < resources.length; upcoming++) {
      const resource = resources[upcoming];
      if (!resource || startOf(resource) >= dayEnd) break;
      if (endOf(resource) > begin && (!selects || selects(resource)))
        active.push(activeFrom(resource, upcoming, 0));
    }
    const rows: ResourceUsage[] = [];
    let hasEnded = false;
    for (const [position, entry] of active.entries()) {
      let current = entry;
      if (entry.to <= dayStart) {
        const { segments } = entry.resource;
        let { next } = entry;
        while ((segments[next]?.to ?? Number.POSITIVE_INFINITY) <= dayStart) next++;
        current = activeFrom(entry.resource, entry.number, next);
        active[position] = current;
        hasEnded ||= next >= segments.length;
      }
      const { resource, number, reservationId, amount } = current;
      const isAllDay = current.from <= dayStart && current.to >= dayEnd && dayStart < dayEnd;
      if (isAllDay && amount > 0) {
        rows.push({ day, resource, number, reservationId, quantity: ((dayEnd - dayStart) * amount) / 3600 });
      } else meterDay(current, day, dayStart, dayEnd, rows);
    }
    if (hasEnded) active = active.filter(({ from }) => from !== nothing.from);
    yield rows;
  }
}

/** A resource while its days are counted: with what it uses now at hand, as most use the same for many days. */
interface Active {
  resource: MeteredResource;
  number: number;
  /** The segment that ends first of those that have not ended; what follows is read off it. */
  next: number;
  from: Instant;
  to: Instant;
  amount: number;
  reservationId: string;
}

function activeFrom(resource: MeteredResource, number: number, next: number): Active {
  const { from, to, amount, reservationId } = resource.segments[next] ?? nothing;
  return { resource, number, next, from, to, amount, reservationId };
}

const nothing: Segment = {
  from: Number.POSITIVE_INFINITY,
  to: Number.POSITIVE_INFINITY,
  amount: 0,
  reservationId: "",
};

/** Adds a row for each account that the resource used in the day, its seconds summed before they become hours. */
function meterDay(
  { resource, number, next }: Active,
  day: Day,
  dayStart: Instant,
  dayEnd: Instant,
  rows: ResourceUsage[],
): void {
  const firstRow = rows.length;
  for (let position = next; position < resource.segments.length; position++) {
    const used = resource.segments[position];
    if (!used || used.from >= dayEnd) break;
    const seconds = Math.min(used.to, dayEnd) - Math.max(used.from, dayStart);
    if (seconds <= 0 || used.amount <= 0) continue;
    let row: ResourceUsage | undefined;
    for (let earlier = firstRow; earlier < rows.length; earlier++) {
      if (rows[earlier]?.reservationId === used.reservationId) row = rows[earlier];
    }
    if (!row) {
      row = { day, resource, number, reservationId: used.reservationId, quantity: 0 };
      rows.push(row);
    }
    row.quantity += seconds * used.amount;
  }
  for (let position = firstRow; position < rows.length; position++) {
    const row = rows[position];
    if (row) row.quantity /= 3600;
  }
}

/** Project-level usage, day by day: the per-resource rows of each day, summed. */
export function* usageByProject(
  resources: readonly MeteredResource[],
  selection: UsageSelection,
): Generator<ProjectUsage[]> {
  for (const rows of usageByResource(resources, selection)) {
    const sums = new Map<string, ProjectUsage>();
    for (const { day, resource, reservationId, quantity } of rows) {
      const { projectId, region, resourceType, metric } = resource;
      const key = [projectId, region, resourceType, metric, reservationId].join("\u0000");
      const sum = sums.get(key);
      if (sum) sum.quantity += quantity;
      else sums.set(key, { day, projectId, region, resourceType, metric, reservationId, quantity });
    }
    yield [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  }
}
