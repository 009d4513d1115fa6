import { divided, priceOf, reservationDays, reservedAs, type Sums } from "./independent-sums.ts";
import { decimalText } from "./organization-rows.ts";
import { type RandomOrganization, today, typeNamed } from "./random-organization.ts";

/** What tally should say today of the reservations of a random organisation: exact sums of their days, in integers. */
export function expectedReservationStatus(organization: RandomOrganization): Sums<unknown> {
  const expected: Sums<unknown> = new Map();
  for (const reservation of organization.reservations) {
    const { id, type, sizes, ends } = reservation;
    const priced = reservedAs(organization, id, type);
    const perUnit = organization.meteredBy === "gpu" ? 1n : BigInt(typeNamed(type)?.gpus ?? 1);
    const hasEnded = ends !== null && ends < today;
    const told = priceOf(organization.prices, priced, hasEnded ? ends : today);
    const days = reservationDays(organization, reservation).map(({ day, reserved, used }) => {
      const price = priceOf(organization.prices, priced, day);
      const cost = (hours: bigint) => divided(hours * (price?.price ?? 0n), perUnit * 10n ** 10n);
      const drawn = used !== null && used > reserved ? reserved : used;
      return {
        day,
        reserved,
        drawn,
        currency: price?.currency ?? null,
        committed: cost(reserved),
        unused: cost(reserved) - cost(drawn ?? 0n),
      };
    });
    const total = (amounts: bigint[]) => amounts.reduce((sum, amount) => sum + amount, 0n);
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
    expected.set(id, {
      status: hasEnded ? "ended" : "running",
      reserved_gpus: (sizes.at(-1)?.quantity ?? 0) * (typeNamed(type)?.gpus ?? 0),
      days_left: hasEnded ? 0 : ends === null ? null : ends - today + 1,
      ...use(7),
      ...use(28),
      ...use(90),
      unused_cost_90d: isTold(whole) ? decimalText(total(whole.map(({ unused }) => unused)), 10) : null,
      committed_cost_to_date: isTold(days)
        ? decimalText(total(days.map(({ committed }) => committed)), 10)
        : null,
      price_source: told === null ? null : `prices.csv:${told.line}`,
    });
  }
  return expected;
}
