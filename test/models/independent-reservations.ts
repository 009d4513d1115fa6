import { dayText, decimalText } from "./exact-text.ts";
import { divided, gpuHours, known, type Priced, priceOf, type Sums, total } from "./independent-sums.ts";
import {
  type PriceLine,
  type RandomOrganization,
  type ReadWindow,
  today,
  typeNamed,
  type UsageRow,
} from "./random-organization.ts";

/** Whether a day's last reading that succeeded was whole, and after the day's end. */
export function isReadWhole(windows: readonly ReadWindow[], project: string, day: number): boolean {
  const readings = windows
    .filter((window) => window.project === project && window.from <= day && window.to >= day)
    .filter(({ status }) => status !== "failed")
    .sort((a, b) => a.attemptedAt - b.attemptedAt);
  const last = readings.at(-1);
  return last?.status === "complete" && last.attemptedAt >= (day + 1) * 24;
}

interface ReservationDay {
  day: number;
  reserved: bigint;
  /** Null where the day was not read whole by every project. */
  used: bigint | null;
}

export function reservationDays(
  organization: RandomOrganization,
  { id, type, sizes, starts, ends }: RandomOrganization["reservations"][number],
): ReservationDay[] {
  const days: ReservationDay[] = [];
  const gpus = BigInt(typeNamed(type)?.gpus ?? 0);
  for (let day = starts; day <= Math.min(ends ?? today - 1, today - 1); day++) {
    const size = sizes.findLast(({ from }) => from <= day) ?? sizes[0];
    const isWhole = organization.projects.every((project) =>
      isReadWhole(organization.windows, project.id, day),
    );
    const drawn = known(organization).filter((row) => row.reservation === id && row.day === day);
    days.push({
      day,
      reserved: BigInt(size?.quantity ?? 0) * gpus * 24n * 10n ** 12n,
      used: isWhole ? drawn.reduce((sum, row) => sum + (gpuHours(row) ?? 0n), 0n) : null,
    });
  }
  return days;
}

export const reservedAs = (organization: RandomOrganization, id: string, type: string): Priced => ({
  project: null,
  region: "us-east1",
  type,
  metric: organization.meteredBy,
  reservation: id,
  category: "committed",
});

export function expectedReservationDays(organization: RandomOrganization): Sums<unknown> {
  const expected: Sums<unknown> = new Map();
  for (const reservation of organization.reservations) {
    const { id, type } = reservation;
    const gpuType = typeNamed(type)?.gpuType;
    const perUnit = organization.meteredBy === "gpu" ? 1n : BigInt(typeNamed(type)?.gpus ?? 1);
    for (const { day, reserved, used } of reservationDays(organization, reservation)) {
      const priced = reservedAs(organization, id, type);
      const price = priceOf(organization.prices, priced, day);
      const list = priceOf(organization.prices, priced, day, true);
      const cost = (hours: bigint, by: bigint) => divided(hours * by, perUnit * 10n ** 10n);
      const drawn = used !== null && used > reserved ? reserved : used;
      const committed = price === null ? null : cost(reserved, price.price);
      const usedCost = price === null || drawn === null ? null : cost(drawn, price.price);
      const ofType = known(organization).filter(
        (row) => row.day === day && typeNamed(row.type)?.gpuType === gpuType,
      );
      const hours = (rows: UsageRow[]) => total(rows.map((row) => gpuHours(row) ?? 0n));
      const onDemand = hours(ofType.filter((row) => row.reservation === null));
      const all = hours(ofType);
      expected.set(JSON.stringify([id, dayText(day)]), {
        reserved_gpu_hours: decimalText(reserved, 12),
        used_gpu_hours: used === null ? null : decimalText(used, 12),
        unused_gpu_hours: drawn === null ? null : decimalText(reserved - drawn, 12),
        on_demand_gpu_hours: used === null ? null : decimalText(onDemand, 12),
        covered_millionths:
          used === null || all === 0n ? null : Number(divided((all - onDemand) * 1_000_000n, all)),
        committed_cost: committed === null ? null : decimalText(committed, 10),
        used_cost: usedCost === null ? null : decimalText(usedCost, 10),
        unused_cost: committed === null || usedCost === null ? null : decimalText(committed - usedCost, 10),
        effective_rate:
          committed === null || drawn === null || drawn === 0n
            ? null
            : decimalText(divided(committed * 10n ** 12n, drawn), 10),
        savings:
          committed === null ||
          drawn === null ||
          price?.reservation !== id ||
          list?.currency !== price.currency
            ? null
            : decimalText(cost(drawn, list.price) - committed, 10),
        price_source: price === null ? null : `prices.csv:${price.line}`,
      });
    }
  }
  return expected;
}

/** What tally should say today of the reservations of a random organisation: exact sums of their days, in integers. */
export function expectedReservationStatus(organization: RandomOrganization): Sums<unknown> {
  const expected: Sums<unknown> = new Map();
  for (const reservation of organization.reservations) {
    const { id, type, sizes, starts, ends } = reservation;
    const priced = reservedAs(organization, id, type);
    const perUnit = organization.meteredBy === "gpu" ? 1n : BigInt(typeNamed(type)?.gpus ?? 1);
    const hasEnded = ends !== null && ends < today;
    const told = priceOf(organization.prices, priced, hasEnded ? ends : today);
    const cost = (hours: bigint, price: PriceLine | null) =>
      divided(hours * (price?.price ?? 0n), perUnit * 10n ** 10n);
    const days = reservationDays(organization, reservation).map(({ day, reserved, used }) => {
      const price = priceOf(organization.prices, priced, day);
      const list = priceOf(organization.prices, priced, day, true);
      const drawn = used !== null && used > reserved ? reserved : used;
      const committed = cost(reserved, price);
      return {
        day,
        reserved,
        drawn,
        currency: price?.currency ?? null,
        committed,
        unused: committed - cost(drawn ?? 0n, price),
        // Only a price of its own says what it saves, and only against a list price in the same currency.
        saved:
          price?.reservation === id && list?.currency === price.currency
            ? cost(drawn ?? 0n, list) - committed
            : null,
      };
    });
    const isTold = (some: typeof days) =>
      some.every(({ currency }) => currency !== null && currency === (told?.currency ?? some[0]?.currency)) &&
      some.length > 0;
    const whole = days.filter(({ drawn }) => drawn !== null);
    const use = (length: number) => {
      const within = whole.filter(({ day }) => day >= today - length);
      const reserved = total(within.map((day) => day.reserved));
      return {
        [`read_days_${length}d`]: within.length,
        [`used_millionths_${length}d`]:
          reserved === 0n
            ? null
            : Number(divided(total(within.map(({ drawn }) => drawn ?? 0n)) * 1_000_000n, reserved)),
      };
    };
    const drawn = total(whole.map((day) => day.drawn ?? 0n));
    const paid = total(whole.map(({ committed }) => committed));
    const gpus = (sizes.at(-1)?.quantity ?? 0) * (typeNamed(type)?.gpus ?? 0);
    const toCome = [];
    for (let day = Math.max(starts, today); day <= (ends ?? today - 1); day++) {
      const price = priceOf(organization.prices, priced, day);
      toCome.push({
        currency: price?.currency ?? null,
        committed: cost(BigInt(gpus) * 24n * 10n ** 12n, price),
      });
    }
    expected.set(id, {
      status: hasEnded ? "ended" : "running",
      reserved_gpus: gpus,
      days_left: hasEnded ? 0 : ends === null ? null : ends - today + 1,
      ...use(7),
      ...use(28),
      ...use(90),
      effective_rate_90d:
        isTold(whole) && drawn > 0n ? decimalText(divided(paid * 10n ** 12n, drawn), 10) : null,
      savings_90d:
        isTold(whole) && whole.every(({ saved }) => saved !== null)
          ? decimalText(total(whole.map(({ saved }) => saved ?? 0n)), 10)
          : null,
      unused_cost_90d: isTold(whole) ? decimalText(total(whole.map(({ unused }) => unused)), 10) : null,
      committed_cost_to_date: isTold(days)
        ? decimalText(total(days.map(({ committed }) => committed)), 10)
        : null,
      committed_cost_to_come:
        ends !== null && toCome.every(({ currency }) => currency !== null && currency === told?.currency)
          ? decimalText(total(toCome.map(({ committed }) => committed)), 10)
          : null,
      price_source: told === null ? null : `prices.csv:${told.line}`,
    });
  }
  return expected;
}
