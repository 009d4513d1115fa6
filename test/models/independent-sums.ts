import { dayText, decimalText, hourText } from "./organization-rows.ts";
import {
  type Metric,
  metricName,
  type PriceLine,
  type RandomOrganization,
  type ReadWindow,
  type Resource,
  today,
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

/** GPU-hours in 10^-12 of a quantity; null where it is none, or nothing says how many GPUs the type has. */
function gpuHours({ metric, type, quantity }: UsageRow): bigint | null {
  if (metric === "gpu") return quantity;
  const gpus = typeNamed(type)?.gpus ?? 0;
  return metric === "instance" && gpus > 0 ? quantity * BigInt(gpus) : null;
}

const known = ({ usage }: RandomOrganization) => usage.filter((row) => row.isKnown);

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

interface Priced {
  project: string | null;
  region: string | null;
  type: string;
  metric: Metric;
  reservation: string | null;
}

const weights = { reservation: 16, project: 8, type: 4, region: 2, metric: 1 } as const;

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
    let weight = 0;
    let isMatch = true;
    for (const [name, value] of Object.entries(weights) as [keyof typeof weights, number][]) {
      if (price[name] === null) continue;
      weight += value;
      isMatch &&= price[name].toLowerCase() === priced[name]?.toLowerCase();
    }
    if (isMatch && weight > most) [best, most] = [price, weight];
  }
  return best;
}

/** 10^-12 times 10^-8 in 10^-10. */
const money = (quantity: bigint, price: bigint) => decimalText(divided(quantity * price, 10n ** 10n), 10);

export function expectedCosts(organization: RandomOrganization): Sums<unknown> {
  const sums: Sums<{ row: UsageRow; quantity: bigint }> = new Map();
  for (const row of known(organization)) {
    const key = JSON.stringify([
      dayText(row.day),
      row.project,
      row.region,
      row.type,
      metricName(row.metric),
      row.reservation,
    ]);
    sums.set(key, { row, quantity: (sums.get(key)?.quantity ?? 0n) + row.quantity });
  }
  return new Map(
    [...sums].map(([key, { row, quantity }]) => {
      const price = priceOf(organization.prices, row, row.day);
      const list = priceOf(organization.prices, row, row.day, true);
      const centres = organization.centres.filter(({ from, to }) => row.day >= from && row.day <= to);
      const centre =
        centres.find(({ project }) => project === row.project) ??
        centres.find(({ project }) => project === null);
      return [
        key,
        {
          quantity: decimalText(quantity, 12),
          unit_price: price === null ? null : decimalText(price.price, 8),
          cost: price === null ? null : money(quantity, price.price),
          list_cost: list !== null && list.currency === price?.currency ? money(quantity, list.price) : null,
          currency: price?.currency ?? "USD",
          price_source: price === null ? null : `prices.csv:${price.line}`,
          cost_centre: centre?.centre ?? null,
        },
      ];
    }),
  );
}

/** Whether a day's last reading that succeeded was whole, and after the day's end. */
function isReadWhole(windows: readonly ReadWindow[], project: string, day: number): boolean {
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
      const total = (rows: UsageRow[]) => rows.reduce((sum, row) => sum + (gpuHours(row) ?? 0n), 0n);
      const onDemand = total(ofType.filter((row) => row.reservation === null));
      const all = total(ofType);
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

interface Finding {
  idle_since: string;
  monthly_waste: string | null;
  currency: string | null;
}

const now = today * 24 + 6;
const unpriced = { monthly_waste: null, currency: null };

/** What so many units, in 10^-places, cost in a month of 730 hours at today's price. */
function monthly(
  prices: readonly PriceLine[],
  priced: Priced,
  units: bigint,
  places: number,
): Omit<Finding, "idle_since"> {
  const price = priceOf(prices, priced, today);
  if (price === null) return unpriced;
  const amount = divided(units * price.price * 730n * 10n ** 2n, 10n ** BigInt(places));
  return { monthly_waste: decimalText(amount, 10), currency: price.currency };
}

/** Since when it is as it is: its own time of change or the first sight, and no sooner than it can have been. */
function since(organization: RandomOrganization, resource: Resource, stream: "vms" | "disks"): number {
  const { project, changedAt, firstSeenAt, updatedAt, createdAt } = resource;
  const seenOtherwise = organization.listReads
    .filter((read) => read.stream === stream && read.project === project && read.isGood)
    .map(({ at }) => at)
    .filter((at) => changedAt !== null && at >= firstSeenAt && at < changedAt);
  return Math.max(Math.min(changedAt ?? firstSeenAt, updatedAt), createdAt, ...seenOtherwise);
}

const diskCost = ({ prices }: RandomOrganization, { project, size }: Resource) =>
  monthly(
    prices,
    { project, region: "us-east1", type: "persistent-ssd", metric: "storage", reservation: null },
    size,
    9,
  );

function stoppedVms(organization: RandomOrganization, found: Sums<Finding>): void {
  for (const vm of organization.vms.filter(({ state }) => state === "stopped")) {
    const disks = organization.disks.filter(({ of }) => of === vm.id);
    const stopped = since(organization, vm, "vms");
    const { meteredOn } = vm;
    const idle = meteredOn !== null && meteredOn > Math.floor(stopped / 24) ? (meteredOn + 1) * 24 : stopped;
    if (disks.length === 0 || idle + 7 * 24 > now) continue;
    const costs = disks.map((disk) => diskCost(organization, disk));
    const [first] = costs;
    const isTold = costs.every((cost) => cost.currency !== null && cost.currency === first?.currency);
    const sum = costs.reduce(
      (total, cost) => total + BigInt((cost.monthly_waste ?? "0").replace(".", "")),
      0n,
    );
    found.set(`stopped_vm_with_disks ${vm.id}`, {
      idle_since: hourText(idle),
      ...(isTold && first ? { monthly_waste: decimalText(sum, 10), currency: first.currency } : unpriced),
    });
  }
}

function unattachedDisks(organization: RandomOrganization, found: Sums<Finding>): void {
  for (const disk of organization.disks.filter(({ of, goneAt }) => of === null && goneAt === null)) {
    const idle = since(organization, disk, "disks");
    if (idle + 7 * 24 > now) continue;
    found.set(`unattached_disk ${disk.id}`, { idle_since: hourText(idle), ...diskCost(organization, disk) });
  }
}

function orphanedSnapshots(organization: RandomOrganization, found: Sums<Finding>): void {
  const { projects, listReads, snapshots, disks, prices } = organization;
  const areRead = projects.every(({ id }) => {
    const reads = listReads.filter(({ stream, project }) => stream === "disks" && project === id);
    return reads.sort((a, b) => a.at - b.at).at(-1)?.isGood;
  });
  if (!areRead) return;
  for (const snapshot of snapshots) {
    const disk = disks.find(({ id }) => id === snapshot.of);
    if (disk && disk.goneAt === null) continue;
    const gone =
      disk?.goneAt ?? (snapshot.meteredOn === null ? snapshot.firstSeenAt : (snapshot.meteredOn + 1) * 24);
    const priced: Priced = {
      project: snapshot.project,
      region: disk ? "us-east1" : null,
      type: "snapshot",
      metric: "storage",
      reservation: null,
    };
    found.set(`orphaned_snapshot ${snapshot.id}`, {
      idle_since: hourText(Math.max(gone, snapshot.createdAt)),
      ...monthly(prices, priced, snapshot.size, 9),
    });
  }
}

/** The first of the days up to yesterday that were all read whole; null where yesterday was not. */
function readSince(windows: readonly ReadWindow[], project: string): number | null {
  let first = today;
  while (first > 0 && isReadWhole(windows, project, first - 1)) first--;
  return first === today ? null : first;
}

function vmsWithoutUsage(organization: RandomOrganization, found: Sums<Finding>): void {
  const { vms, windows, resourceWindows, meteredBy, prices } = organization;
  const used = known(organization).filter(({ quantity }) => quantity > 0n);
  const isMetered = (type: string) => used.some((row) => row.type.toLowerCase() === type);
  const areOthersMetered = vms.some(({ type }) => typeNamed(type)?.gpus === 0 && isMetered(type));
  for (const vm of vms.filter(({ state }) => state === "running")) {
    const gpus = typeNamed(vm.type)?.gpus ?? null;
    if (gpus === null) continue;
    const typeLast = used
      .filter((row) => row.project === vm.project && row.type.toLowerCase() === vm.type)
      .filter(({ region }) => region === null || /^us-east1(-a)?$/i.test(region))
      .reduce((last, { day }) => Math.max(last, day), -1);
    const ownLast = vm.meteredOn ?? -1;
    const vmsLast = vms
      .filter(({ project, type }) => project === vm.project && type === vm.type)
      .reduce((last, { meteredOn }) => Math.max(last, meteredOn ?? -1), -1);

    const up = since(organization, vm, "vms");
    const proven: number[] = [];
    const typeRead = readSince(windows, vm.project);
    if (typeRead !== null && (gpus > 0 || areOthersMetered)) {
      proven.push(Math.max(up, typeRead * 24, (typeLast + 1) * 24, (ownLast + 1) * 24));
    }
    const ownRead = readSince(resourceWindows, vm.project);
    if (ownRead !== null && vmsLast >= (typeLast === -1 ? today - 1 : typeLast)) {
      proven.push(Math.max(up, ownRead * 24, (ownLast + 1) * 24));
    }
    const idle = Math.min(...proven);
    if (Math.ceil(idle / 24) > today - 2) continue;
    const byGpu = meteredBy === "gpu" && (gpus > 0 || isMetered(vm.type));
    const priced: Priced = { ...vm, region: "us-east1", metric: byGpu ? "gpu" : "instance" };
    found.set(`${gpus > 0 ? "gpu_vm_without_usage" : "vm_without_usage"} ${vm.id}`, {
      idle_since: hourText(idle),
      // Without GPUs there are no GPU-hours to be priced.
      ...(byGpu && gpus === 0 ? unpriced : monthly(prices, priced, byGpu ? BigInt(gpus) : 1n, 0)),
    });
  }
}

function underusedReservations(organization: RandomOrganization, found: Sums<Finding>): void {
  for (const reservation of organization.reservations) {
    const { id, type, starts, ends } = reservation;
    if (starts > today || (ends ?? today) < today) continue;
    const days = reservationDays(organization, reservation).filter(({ used }) => used !== null);
    const windows = days.map(({ day: last }) => {
      const within = days.filter(({ day }) => day > last - 14 && day <= last);
      const reserved = within.reduce((sum, day) => sum + day.reserved, 0n);
      const used = within.reduce((sum, day) => sum + (day.used ?? 0n), 0n);
      const isWhole = (days[0]?.day ?? last) <= last - 13;
      return {
        last,
        within,
        reserved,
        used,
        isBelow: isWhole && reserved > 0n && used * 10n < reserved * 7n,
      };
    });
    const latest = windows.at(-1);
    if (!latest?.isBelow || latest.last < today - 14) continue;
    const opening = windows[windows.findLastIndex(({ isBelow }) => !isBelow) + 1];
    const price = priceOf(organization.prices, reservedAs(organization, id, type), today);
    const perUnit = organization.meteredBy === "gpu" ? 1n : BigInt(typeNamed(type)?.gpus ?? 1);
    // Hours in 10^-12 of so many days, to 730 hours of them, at a price in 10^-8.
    const waste =
      price &&
      divided(
        (latest.reserved - latest.used) * 730n * price.price,
        BigInt(latest.within.length) * 24n * perUnit * 10n ** 10n,
      );
    found.set(`underused_reservation ${id}`, {
      idle_since: hourText((opening?.within[0]?.day ?? 0) * 24),
      ...(waste === null || price === null
        ? unpriced
        : { monthly_waste: decimalText(waste, 10), currency: price.currency }),
    });
  }
}

export function expectedFindings(organization: RandomOrganization): Sums<Finding> {
  const found: Sums<Finding> = new Map();
  stoppedVms(organization, found);
  unattachedDisks(organization, found);
  orphanedSnapshots(organization, found);
  vmsWithoutUsage(organization, found);
  underusedReservations(organization, found);
  return found;
}
