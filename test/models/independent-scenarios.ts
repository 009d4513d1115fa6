import { decimalText } from "./exact-text.ts";
import { isReadWhole, reservationDays, reservedAs } from "./independent-reservations.ts";
import { costRows, divided, gpuHours, priceOf, type Sums, total } from "./independent-sums.ts";
import { type RandomOrganization, today, typeNamed } from "./random-organization.ts";

/** A product line is a type's name without its size. */
const lineOf = (type: string) => type.toLowerCase().replace(/\.\d+x$/, "");

interface LineDay {
  used: bigint;
  nodeGpus: number[];
  /** Costs in 10^-10; null where any part has no price. */
  onDemand: bigint | null;
  actual: bigint | null;
  currencies: string[];
}

const allOrNull = (amounts: (bigint | null)[]): bigint | null =>
  amounts.every((amount) => amount !== null) ? total(amounts) : null;

/** The days that were read whole, by product line; also of lines that were reserved and not used. */
function daysByLine(organization: RandomOrganization): Map<string, LineDay[]> {
  const { projects, windows, reservations, prices, meteredBy } = organization;
  const days = Array.from({ length: today }, (_, day) => day).filter((day) =>
    projects.every(({ id }) => isReadWhole(windows, id, day)),
  );
  const used = costRows(organization).filter((row) => days.includes(row.day) && (gpuHours(row) ?? 0n) > 0n);
  const held = reservations.flatMap((reservation) => {
    const priced = reservedAs(organization, reservation.id, reservation.type);
    const perUnit = meteredBy === "gpu" ? 1n : BigInt(typeNamed(reservation.type)?.gpus ?? 1);
    return reservationDays(organization, reservation)
      .filter(({ day }) => days.includes(day))
      .map(({ day, reserved, used: drawn }) => {
        const price = priceOf(prices, priced, day);
        const cost = (hours: bigint) => price && divided(hours * price.price, perUnit * 10n ** 10n);
        const beyond = drawn !== null && drawn > reserved ? drawn - reserved : 0n;
        return {
          day,
          type: reservation.type,
          id: reservation.id,
          owed: allOrNull([cost(reserved), cost(beyond)]),
          price,
        };
      });
  });
  const lines = new Set([...used, ...held].map(({ type }) => lineOf(type)));
  return new Map(
    [...lines].map((line) => [
      line,
      days.map((day) => {
        const rows = used.filter((row) => row.day === day && lineOf(row.type) === line);
        const reserved = held.filter((row) => row.day === day && lineOf(row.type) === line);
        const isOwed = (id: string | null) => held.some((row) => row.day === day && row.id === id);
        return {
          used: total(rows.map((row) => gpuHours(row) ?? 0n)),
          nodeGpus: [...rows, ...reserved].map(({ type }) => typeNamed(type)?.gpus ?? 0),
          onDemand: allOrNull(rows.map((row) => (row.reservation === null ? row.cost : row.listCost))),
          // What is drawn is paid for by the commitment, on days that have one.
          actual: allOrNull([
            ...rows.map(({ reservation, cost }) => (isOwed(reservation) ? 0n : cost)),
            ...reserved.map(({ owed }) => owed),
          ]),
          currencies: [
            ...rows.flatMap((row) => (row.cost === null && row.listCost === null ? [] : row.currency)),
            ...reserved.flatMap(({ price }) => price?.currency ?? []),
          ],
        };
      }),
    ]),
  );
}

interface Commitment {
  line: number;
  price: bigint;
  gpusPerUnit: bigint;
  currency: string;
}

/** What prices.csv has for reservations of the line now or within the last 90 days, each price once. */
function commitmentsOf({ prices, reservations, meteredBy }: RandomOrganization, line: string): Commitment[] {
  const found = prices.flatMap((price): Commitment[] => {
    if (price.reservation === null || price.project !== null) return [];
    if (price.from > today || price.to < today - 90) return [];
    const type = price.type ?? reservations.find(({ id }) => id === price.reservation)?.type;
    if (type === undefined || lineOf(type) !== line) return [];
    const gpus = typeNamed(type)?.gpus ?? 0;
    const metric = price.metric ?? meteredBy;
    if (metric !== "gpu" && (metric !== "instance" || gpus === 0)) return [];
    return [{ ...price, gpusPerUnit: metric === "gpu" ? 1n : BigInt(gpus) }];
  });
  const isSame = (a: Commitment) => (b: Commitment) =>
    a.price === b.price && a.gpusPerUnit === b.gpusPerUnit && a.currency === b.currency;
  return found.filter((commitment, at) => found.findIndex(isSame(commitment)) === at);
}

/** The sizes to be compared, with why each is. */
function sizesOf(days: readonly LineDay[], nodeGpus: bigint, current: bigint): Map<bigint, string> {
  const inOrder = days.map(({ used }) => used).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const perNode = nodeGpus * 24n * 10n ** 12n;
  const sizes = new Map<bigint, string>();
  const add = (size: bigint, basis: string) => {
    const same = sizes.get(size);
    sizes.set(size, same === undefined ? basis : `${same}, ${basis}`);
  };
  add(0n, "none");
  add(current, "current");
  for (const percent of [10, 25, 50, 75, 90, 100]) {
    const hours = inOrder[Math.ceil((days.length * percent) / 100) - 1] ?? 0n;
    add(((hours + perNode - 1n) / perNode) * nodeGpus, percent === 100 ? "max" : `p${percent}`);
  }
  return sizes;
}

/** What other reservations would have cost a random organisation, in integers and from decision 46. */
export function expectedScenarios(organization: RandomOrganization): Sums<unknown> {
  const expected: Sums<Record<string, unknown> & { currency: string; total_cost: string | null }> = new Map();
  const amount = (value: bigint | null) => (value === null ? null : decimalText(value, 10));
  for (const [line, days] of daysByLine(organization)) {
    const current = organization.reservations
      .filter(({ type, ends }) => lineOf(type) === line && (ends === null || ends >= today))
      .reduce(
        (sum, { type, sizes }) => sum + (sizes.at(-1)?.quantity ?? 0) * (typeNamed(type)?.gpus ?? 0),
        0,
      );
    const nodeGpus = Math.max(0, ...days.flatMap((day) => day.nodeGpus)) || 1;
    const currencies = [...new Set(days.flatMap((day) => day.currencies))].sort();
    const paid = currencies.length > 1 ? null : allOrNull(days.map(({ actual }) => actual));
    const commitments = commitmentsOf(organization, line);
    const ofLine: string[] = [];
    for (const [size, basis] of sizesOf(days, BigInt(nodeGpus), BigInt(current))) {
      const room = size * 24n * 10n ** 12n;
      const beyond = days.map(({ used, onDemand }) => {
        const overflow = used > room ? used - room : 0n;
        const cost = overflow === 0n ? 0n : onDemand && divided(onDemand * overflow, used);
        return { overflow, covered: used - overflow, cost };
      });
      const overflowCost = currencies.length > 1 ? null : allOrNull(beyond.map(({ cost }) => cost));
      for (const commitment of size === 0n || commitments.length === 0 ? [null] : commitments) {
        const committed =
          size === 0n
            ? 0n
            : commitment &&
              divided(commitment.price * size * BigInt(days.length) * 24n * 100n, commitment.gpusPerUnit);
        const isInOne =
          commitment === null || currencies.length === 0 || currencies[0] === commitment.currency;
        const sum = isInOne ? allOrNull([committed, overflowCost]) : null;
        const key = JSON.stringify([line, commitment && `prices.csv:${commitment.line}`, String(size)]);
        ofLine.push(key);
        expected.set(key, {
          size_basis: basis,
          read_days: days.length,
          node_gpus: nodeGpus,
          used_gpu_hours: decimalText(total(days.map(({ used }) => used)), 12),
          covered_gpu_hours: decimalText(total(beyond.map(({ covered }) => covered)), 12),
          overflow_gpu_hours: decimalText(total(beyond.map(({ overflow }) => overflow)), 12),
          committed_cost: amount(committed),
          overflow_cost: amount(overflowCost),
          total_cost: amount(sum),
          actual_cost: amount(paid),
          difference_to_actual: sum === null || paid === null ? null : amount(sum - paid),
          currency: commitment?.currency ?? currencies[0] ?? "USD",
        });
      }
    }
    for (const key of ofLine) {
      const one = expected.get(key);
      const least = ofLine
        .map((other) => expected.get(other))
        .filter((other) => other?.currency === one?.currency && other?.total_cost !== null)
        .map((other) => BigInt(other?.total_cost?.replace(".", "") ?? 0))
        .sort((a, b) => (a < b ? -1 : 1))[0];
      const isCheapest = one?.total_cost != null && BigInt(one.total_cost.replace(".", "")) === least;
      if (one) one.is_cheapest = isCheapest;
    }
  }
  return expected;
}
