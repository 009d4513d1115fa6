import { dayText, decimalText } from "./exact-text.ts";
import {
  type Category,
  type Metric,
  metricName,
  type PriceLine,
  type RandomOrganization,
  typeNamed,
  type UsageRow,
} from "./random-organization.ts";

/*
 * What tally should say of a random organisation, computed in integers from the decisions on spellings, prices,
 * coverage, idleness and reservations, and from nothing of its SQL.
 */

export type Sums<T> = Map<string, T>;

/** To the nearest whole, halves up. */
export const divided = (amount: bigint, by: bigint) => (amount * 2n + by) / (by * 2n);

export const least = (a: bigint, b: bigint) => (a < b ? a : b);

export const total = (amounts: readonly bigint[]) => amounts.reduce((sum, amount) => sum + amount, 0n);

/** GPU-hours in 10^-12 of a quantity; null where it is none, or nothing says how many GPUs the type has. */
export function gpuHours({ metric, type, quantity }: UsageRow): bigint | null {
  if (metric === "gpu") return quantity;
  const gpus = typeNamed(type)?.gpus ?? 0;
  return metric === "instance" && gpus > 0 ? quantity * BigInt(gpus) : null;
}

export const known = ({ usage }: RandomOrganization) => usage.filter((row) => row.isKnown);

export function expectedGpuHours(organization: RandomOrganization): Sums<string> {
  const sums: Sums<bigint> = new Map();
  for (const row of known(organization)) {
    const hours = gpuHours(row);
    if (hours === null) continue;
    const key = JSON.stringify([dayText(row.day), row.project, row.region, row.type, row.reservation]);
    sums.set(key, (sums.get(key) ?? 0n) + hours);
  }
  return new Map([...sums].map(([key, hours]) => [key, decimalText(hours, 12)]));
}

export interface Priced {
  project: string | null;
  region: string | null;
  type: string;
  metric: Metric;
  reservation: string | null;
  category: Category;
}

const weights = { reservation: 32, category: 16, project: 8, type: 4, region: 2, metric: 1 } as const;

/** The most specific price in force; of list prices only, if told so. */
export function priceOf(
  prices: readonly PriceLine[],
  priced: Priced,
  day: number,
  isList = false,
): PriceLine | null {
  let best: PriceLine | null = null;
  let most = -1;
  for (const price of prices) {
    if (day < price.from || day > price.to) continue;
    if (isList && (price.project !== null || price.reservation !== null)) continue;
    const sought = isList ? { ...priced, category: "on_demand" } : priced;
    let weight = 0;
    let isMatch = true;
    for (const [name, value] of Object.entries(weights) as [keyof typeof weights, number][]) {
      if (price[name] === null) continue;
      weight += value;
      isMatch &&= price[name].toLowerCase() === sought[name]?.toLowerCase();
    }
    if (isMatch && weight > most) [best, most] = [price, weight];
  }
  return best;
}

/** Usage of one day, project, region, type, metric and reservation, with what it costs in 10^-10. */
interface CostRow extends UsageRow {
  price: PriceLine | null;
  cost: bigint | null;
  /** That of its price, or of prices that name none. */
  currency: string;
  /** What it costs at the list price, where that is in the same currency. */
  listCost: bigint | null;
}

const usageKey = (row: UsageRow) =>
  JSON.stringify([
    dayText(row.day),
    row.project,
    row.region,
    row.type,
    metricName(row.metric),
    row.reservation,
  ]);

export function costRows(organization: RandomOrganization): CostRow[] {
  const sums: Sums<UsageRow> = new Map();
  for (const row of known(organization)) {
    const key = usageKey(row);
    sums.set(key, { ...row, quantity: (sums.get(key)?.quantity ?? 0n) + row.quantity });
  }
  return [...sums.values()].map((row) => {
    const priced: Priced = { ...row, category: row.reservation === null ? "on_demand" : "committed" };
    const price = priceOf(organization.prices, priced, row.day);
    const list = priceOf(organization.prices, priced, row.day, true);
    const currency = price?.currency ?? "USD";
    // 10^-12 times 10^-8 in 10^-10.
    const cost = (by: PriceLine) => divided(row.quantity * by.price, 10n ** 10n);
    return {
      ...row,
      price,
      cost: price && cost(price),
      currency,
      listCost: list?.currency === currency ? cost(list) : null,
    };
  });
}

/** The cost centre of a project on a day; one for every project gives way to its own. */
export function centreOn(
  organization: RandomOrganization,
  project: string | null,
  day: number,
): string | null {
  const centres = organization.centres.filter(({ from, to }) => day >= from && day <= to);
  const own = centres.find((line) => line.project !== null && line.project === project);
  return (own ?? centres.find((line) => line.project === null))?.centre ?? null;
}

export function expectedCosts(organization: RandomOrganization): Sums<unknown> {
  return new Map(
    costRows(organization).map((row) => {
      const { price, cost, currency, listCost } = row;
      return [
        usageKey(row),
        {
          quantity: decimalText(row.quantity, 12),
          unit_price: price === null ? null : decimalText(price.price, 8),
          cost: cost === null ? null : decimalText(cost, 10),
          list_cost: listCost === null ? null : decimalText(listCost, 10),
          currency,
          price_source: price === null ? null : `prices.csv:${price.line}`,
          cost_centre: centreOn(organization, row.project, row.day),
        },
      ];
    }),
  );
}
