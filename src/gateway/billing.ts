import { type ProjectUsage, type UsageSelection, usageByResource } from "./daily-usage.ts";
import type { Instant } from "./instant.ts";
import { startOfDay } from "./instant.ts";
import type { MeteredResource } from "./metering.ts";
import type { ListPrice } from "./state.ts";

/** A day's usage that is billed by the hour, at one price. */
export interface BilledUsage extends ProjectUsage {
  /** Null where the list has no price for it. */
  unitPrice: number | null;
}

/**
 * What is billed by the hour, day by day: on-demand and spot usage at the list price of its day. What a
 * reservation covers is billed by its contract, and is not here.
 */
export function* billedUsage(
  resources: readonly MeteredResource[],
  prices: readonly ListPrice[],
  selection: UsageSelection,
): Generator<BilledUsage[]> {
  for (const rows of usageByResource(resources, selection)) {
    const sums = new Map<string, BilledUsage>();
    for (const { day, resource, reservationId, quantity } of rows) {
      if (reservationId !== "") continue;
      const { projectId, region, resourceType, metric } = resource;
      const unitPrice = priceAt(prices, resource, startOfDay(day));
      const key = [projectId, region, resourceType, metric, unitPrice].join("\u0000");
      const sum = sums.get(key);
      if (sum) sum.quantity += quantity;
      else {
        const about = { day, projectId, region, resourceType, metric, reservationId };
        sums.set(key, { ...about, unitPrice, quantity });
      }
    }
    yield [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  }
}

/** The price in force when the day began; of several, the one that began last. */
function priceAt(
  prices: readonly ListPrice[],
  { resourceType, isSpot }: MeteredResource,
  at: Instant,
): number | null {
  let found: ListPrice | undefined;
  for (const price of prices) {
    if (price.resourceType !== resourceType || price.from > at) continue;
    if (price.to !== null && price.to <= at) continue;
    if (!found || price.from >= found.from) found = price;
  }
  if (!found) return null;
  return isSpot ? (found.spotUnitPrice ?? found.unitPrice) : found.unitPrice;
}
