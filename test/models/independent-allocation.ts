import { dayText, decimalText } from "./exact-text.ts";
import { reservationDays, reservedAs } from "./independent-reservations.ts";
import {
  centreOn,
  costRows,
  divided,
  gpuHours,
  known,
  least,
  priceOf,
  type Sums,
  total,
} from "./independent-sums.ts";
import { type RandomOrganization, typeNamed } from "./random-organization.ts";

/*
 * Who bears what of shared costs, and what each project then costs, in integers of 10^-10 from decisions 41, 43 and 45.
 */

export const reportingCurrency = "USD";

/** What an amount in 10^-10 is in the reporting currency on a day; null without a rate. */
export function converted(
  { finance }: RandomOrganization,
  amount: bigint,
  currency: string,
  day: number,
): bigint | null {
  if (currency === reportingCurrency) return amount;
  const line = finance.rates.find((rate) => rate.currency === currency && rate.from <= day && day <= rate.to);
  return line ? divided(amount * line.rate, 10n ** 10n) : null;
}

/** An amount in its own and in the reporting currency; the latter is null where a part of it has no rate. */
interface Amount {
  own: bigint;
  reporting: bigint | null;
}

const nothing: Amount = { own: 0n, reporting: 0n };
const plus = (a: Amount, b: Amount): Amount => ({
  own: a.own + b.own,
  reporting: a.reporting === null || b.reporting === null ? null : a.reporting + b.reporting,
});
const minus = (a: Amount, b: Amount): Amount =>
  plus(a, { own: -b.own, reporting: b.reporting === null ? null : -b.reporting });

/** What a project costs on a day in one currency. */
export interface BorneCost {
  day: number;
  project: string | null;
  currency: string;
  /** Null where none of its usage is priced. */
  direct: Amount | null;
  handedOn: Amount;
  /** Null where it bears no part, which one of 0 is. */
  shared: Amount | null;
  unused: Amount | null;
  total: Amount | null;
  hasUnpriced: boolean;
}

/** A part of a shared cost; weights in 10^-8. */
interface Part {
  day: number;
  shared: string;
  currency: string;
  project: string | null;
  amount: bigint;
  key: "even" | "usage" | "fixed" | "none";
  weight: bigint | null;
  totalWeight: bigint | null;
  cost: Amount;
}

/** The parts of an amount by weight: rounded down, and the rest a unit each to the largest remainders. */
export function largestRemainder(amount: bigint, weights: readonly bigint[]): bigint[] {
  const sum = total(weights);
  const parts = weights.map((weight) => (amount * weight) / sum);
  let left = amount - total(parts);
  const order = weights
    .map((weight, index) => ({ index, remainder: (amount * weight) % sum }))
    .sort((a, b) => (a.remainder > b.remainder ? -1 : a.remainder < b.remainder ? 1 : a.index - b.index));
  for (const { index } of order) {
    if (left === 0n) break;
    parts[index] = (parts[index] ?? 0n) + 1n;
    left--;
  }
  return parts;
}

/** The cost of reservations that were not used, of those whose contract has a price of its own. */
function unusedCosts(organization: RandomOrganization): { day: number; currency: string; cost: Amount }[] {
  return organization.reservations.flatMap((reservation) => {
    const { id, type } = reservation;
    const perUnit = organization.meteredBy === "gpu" ? 1n : BigInt(typeNamed(type)?.gpus ?? 1);
    return reservationDays(organization, reservation).flatMap(({ day, reserved, used }) => {
      const price = priceOf(organization.prices, reservedAs(organization, id, type), day);
      if (price?.reservation !== id || used === null) return [];
      const cost = (hours: bigint) => divided(hours * price.price, perUnit * 10n ** 10n);
      const own = cost(reserved) - cost(least(used, reserved));
      // One that was used whole leaves nothing to share.
      if (own === 0n) return [];
      return [
        {
          day,
          currency: price.currency,
          cost: { own, reporting: converted(organization, own, price.currency, day) },
        },
      ];
    });
  });
}

/** By day and currency, since each is split by itself. */
const dayKey = (day: number, currency: string) => JSON.stringify([day, currency]);

/** Every part of every shared cost, and what each project bears by day and currency. */
export function allocated(organization: RandomOrganization): { parts: Part[]; borne: BorneCost[] } {
  const { sharedCosts, shares } = organization.finance;
  const sharedBy = new Map(sharedCosts.flatMap(({ name, projects }) => projects.map((id) => [id, name])));
  const borne = new Map<string, BorneCost>();
  const of = (day: number, project: string | null, currency: string): BorneCost => {
    const key = JSON.stringify([day, project, currency]);
    const found = borne.get(key) ?? {
      day,
      project,
      currency,
      direct: null,
      handedOn: nothing,
      shared: null,
      unused: null,
      total: null,
      hasUnpriced: false,
    };
    borne.set(key, found);
    return found;
  };

  for (const { day, project, currency, cost, quantity } of costRows(organization)) {
    const row = of(day, project, currency);
    // Nothing of it costs nothing, whatever the price.
    if (cost === null) row.hasUnpriced ||= quantity > 0n;
    else {
      const amount = { own: cost, reporting: converted(organization, cost, currency, day) };
      row.direct = plus(row.direct ?? nothing, amount);
    }
  }

  // What is to be shared, by shared cost, day and currency.
  const amounts = new Map<string, Map<string, { day: number; currency: string; amount: Amount }>>();
  const share = (name: string, day: number, currency: string, amount: Amount) => {
    const ofName = amounts.get(name) ?? new Map();
    const before = ofName.get(dayKey(day, currency))?.amount ?? nothing;
    ofName.set(dayKey(day, currency), { day, currency, amount: plus(before, amount) });
    amounts.set(name, ofName);
  };
  for (const row of [...borne.values()]) {
    const name = row.project === null ? undefined : sharedBy.get(row.project);
    if (name === undefined || row.direct === null) continue;
    row.handedOn = row.direct;
    share(name, row.day, row.currency, row.direct);
  }
  const sharing = sharedCosts.find(({ hasUnusedReservations }) => hasUnusedReservations)?.name;
  for (const { day, currency, cost } of unusedCosts(organization)) {
    if (sharing !== undefined) share(sharing, day, currency, cost);
    else {
      const row = of(day, null, currency);
      row.unused = plus(row.unused ?? nothing, cost);
    }
  }

  // Who had any usage on a day and shares nothing, with GPU-hours to six places, in the order of ids.
  const hours = new Map<number, Map<string, bigint>>();
  for (const row of known(organization)) {
    if (row.quantity === 0n || sharedBy.has(row.project)) continue;
    const ofDay = hours.get(row.day) ?? new Map<string, bigint>();
    ofDay.set(row.project, (ofDay.get(row.project) ?? 0n) + (gpuHours(row) ?? 0n));
    hours.set(row.day, ofDay);
  }
  const byId = ([a]: readonly [string, bigint], [b]: readonly [string, bigint]) => (a < b ? -1 : 1);
  const parts: Part[] = [];
  for (const { name, key } of sharedCosts) {
    for (const { day, currency, amount } of amounts.get(name)?.values() ?? []) {
      const users = [...(hours.get(day) ?? [])].sort(byId);
      // Weights in 10^-8.
      const byUsage = users
        .map(([project, sum]) => [project, divided(sum, 10n ** 6n) * 100n] as const)
        .filter(([, weight]) => weight > 0n);
      const evenly = users.map(([project]) => [project, 10n ** 8n] as const);
      const fixed = shares
        .filter((line) => line.shared === name && line.from <= day && day <= line.to)
        .filter(({ project }) => !sharedBy.has(project))
        .map((line) => [line.project, line.share] as const)
        .sort(byId);
      const [used, weights] =
        key === "fixed"
          ? (["fixed", fixed] as const)
          : key === "usage" && byUsage.length > 0
            ? (["usage", byUsage] as const)
            : (["even", evenly] as const);
      const common = { day, shared: name, currency, amount: amount.own };
      if (weights.length === 0) {
        parts.push({ ...common, project: null, key: "none", weight: null, totalWeight: null, cost: amount });
        continue;
      }
      const values = weights.map(([, weight]) => weight);
      const own = largestRemainder(amount.own, values);
      const reporting = amount.reporting === null ? null : largestRemainder(amount.reporting, values);
      for (const [at, [project, weight]] of weights.entries()) {
        const cost = { own: own[at] ?? 0n, reporting: reporting && (reporting[at] ?? 0n) };
        parts.push({ ...common, project, key: used, weight, totalWeight: total(values), cost });
      }
    }
  }
  for (const { day, project, currency, cost } of parts) {
    const row = of(day, project, currency);
    row.shared = plus(row.shared ?? nothing, cost);
  }
  for (const row of borne.values()) {
    const borne = plus(row.shared ?? nothing, row.unused ?? nothing);
    const isKnown = row.direct !== null || row.shared !== null || row.unused !== null;
    row.total = isKnown ? plus(minus(row.direct ?? nothing, row.handedOn), borne) : null;
  }
  return { parts, borne: [...borne.values()] };
}

const text = (amount: bigint | null | undefined) =>
  amount === null || amount === undefined ? null : decimalText(amount, 10);

export function expectedParts(organization: RandomOrganization): Sums<unknown> {
  return new Map(
    allocated(organization).parts.map(
      ({ day, shared, currency, project, amount, key, weight, totalWeight, cost }) => [
        JSON.stringify([dayText(day), shared, currency, project]),
        {
          amount: text(amount),
          allocation_key: key,
          weight: weight === null ? null : decimalText(weight, 8),
          total_weight: totalWeight === null ? null : decimalText(totalWeight, 8),
          cost: text(cost.own),
          cost_reporting: text(cost.reporting),
          cost_centre: project === null ? null : centreOn(organization, project, day),
        },
      ],
    ),
  );
}

export function expectedAllocation(organization: RandomOrganization): Sums<unknown> {
  return new Map(
    allocated(organization).borne.map((row) => [
      JSON.stringify([dayText(row.day), row.project, row.currency]),
      {
        cost_centre: row.project === null ? null : centreOn(organization, row.project, row.day),
        direct_cost: text(row.direct?.own),
        handed_on_cost: text(row.handedOn.own),
        shared_cost: text((row.shared ?? nothing).own),
        unused_reservation_cost: text((row.unused ?? nothing).own),
        total_cost: text(row.total?.own),
        total_cost_reporting: text(row.total?.reporting),
        has_unpriced_usage: row.hasUnpriced,
      },
    ]),
  );
}
