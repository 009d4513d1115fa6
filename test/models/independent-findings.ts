import { isReadWhole, reservationDays, reservedAs } from "./independent-reservations.ts";
import { divided, known, type Priced, priceOf, type Sums } from "./independent-sums.ts";
import { decimalText, hourText } from "./organization-rows.ts";
import {
  type PriceLine,
  type RandomOrganization,
  type ReadWindow,
  type Resource,
  today,
  typeNamed,
} from "./random-organization.ts";

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
