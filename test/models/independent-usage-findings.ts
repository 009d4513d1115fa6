import {
  areRead,
  type Cost,
  categoryOf,
  diskCost,
  type Finding,
  findingsOf,
  hundredths,
  isMetered,
  minHours,
  monthly,
  now,
  since,
  standing,
  summed,
  vmCost,
  windowDays,
} from "./independent-idle.ts";
import { isReadWhole, reservationDays, reservedAs } from "./independent-reservations.ts";
import { costRows, divided, gpuHours, known, least, priceOf, type Sums, total } from "./independent-sums.ts";
import { type RandomOrganization, type ReadWindow, today, typeNamed } from "./random-organization.ts";

/** What the rules about use, and how long and by whom, should find. */
export function usageFindings(organization: RandomOrganization, found: Sums<Finding>): void {
  vmsWithoutUsage(organization, found);
  underusedReservations(organization, found);
  onDemandBesideReservations(organization, found);
  projectsWithoutUsage(organization, found);
  longLivedVms(organization, found);
  spotCandidates(organization, found);
}

/** The first of the days up to yesterday that were all read whole; null where yesterday was not. */
function readSince(windows: readonly ReadWindow[], project: string): number | null {
  let first = today;
  while (first > 0 && isReadWhole(windows, project, first - 1)) first--;
  return first === today ? null : first;
}

function vmsWithoutUsage(organization: RandomOrganization, found: Sums<Finding>): void {
  const { vms, windows, resourceWindows } = organization;
  const used = known(organization).filter(({ quantity }) => quantity > 0n);
  const areOthersMetered = vms.some(
    ({ type }) => typeNamed(type)?.gpus === 0 && isMetered(organization, type),
  );
  const withGpus = findingsOf(organization, "gpu_vm_without_usage", found);
  const without = findingsOf(organization, "vm_without_usage", found);
  for (const vm of standing(vms).filter(({ state }) => state === "running")) {
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
    if (proven.length === 0) continue;
    const idle = Math.min(...proven);
    // Only whole days prove it.
    const report = gpus > 0 ? withGpus : without;
    report(vm.id, idle, vmCost(organization, vm), (Math.ceil(idle / 24) + 2) * 24);
  }
}

function underusedReservations(organization: RandomOrganization, found: Sums<Finding>): void {
  const rule = "underused_reservation";
  const report = findingsOf(organization, rule, found);
  const length = windowDays(organization, rule);
  const share = BigInt(hundredths(organization, rule));
  for (const reservation of organization.reservations) {
    const { id, type, starts, ends } = reservation;
    if (starts > today || (ends ?? today) < today) continue;
    const days = reservationDays(organization, reservation).filter(({ used }) => used !== null);
    const windows = days.map(({ day: last }) => {
      const within = days.filter(({ day }) => day > last - length && day <= last);
      const reserved = total(within.map((day) => day.reserved));
      const used = total(within.map((day) => day.used ?? 0n));
      const isWhole = (days[0]?.day ?? last) <= last - length + 1;
      return {
        last,
        within,
        reserved,
        used,
        isBelow: isWhole && reserved > 0n && used * 100n < reserved * share,
      };
    });
    const latest = windows.at(-1);
    if (!latest?.isBelow || latest.last < today - length) continue;
    const opening = windows[windows.findLastIndex(({ isBelow }) => !isBelow) + 1];
    const price = priceOf(organization.prices, reservedAs(organization, id, type), today);
    const perUnit = organization.meteredBy === "gpu" ? 1n : BigInt(typeNamed(type)?.gpus ?? 1);
    // Hours in 10^-12 of so many days, to 730 hours of them, at a price in 10^-8.
    const cost = price && {
      amount: divided(
        (latest.reserved - latest.used) * 730n * price.price,
        BigInt(latest.within.length) * 24n * perUnit * 10n ** 10n,
      ),
      currency: price.currency,
    };
    report(id, (opening?.within[0]?.day ?? 0) * 24, cost, ((opening?.last ?? 0) + 1) * 24);
  }
}

function onDemandBesideReservations(organization: RandomOrganization, found: Sums<Finding>): void {
  const rule = "on_demand_beside_unused_reservation";
  const report = findingsOf(organization, rule, found);
  const length = windowDays(organization, rule);
  const lineOf = (type: string) => type.toLowerCase().replace(/\.\d+x$/, "");
  const used = costRows(organization).filter(
    (row) => row.reservation === null && /^us-east1(-[a-z])?$/i.test(row.region ?? ""),
  );
  const held = organization.reservations
    .filter(({ ends }) => ends === null || ends >= today)
    .map((reservation) => ({ reservation, days: reservationDays(organization, reservation) }));
  const unusedOn = ({ days }: (typeof held)[number], sought: number): bigint => {
    const day = days.find((one) => one.day === sought);
    return day === undefined || day.used === null || day.used > day.reserved ? 0n : day.reserved - day.used;
  };
  for (const one of held) {
    const { id, type } = one.reservation;
    const ofLine = held.filter((other) => lineOf(other.reservation.type) === lineOf(type));
    const days = one.days
      .filter((day) => day.used !== null)
      .map(({ day }) => {
        const unused = unusedOn(one, day);
        // Use counts beside the reservation with the most left; of as much, beside the first.
        const isFirst = ofLine.every(
          (other) =>
            unusedOn(other, day) < unused || (unusedOn(other, day) === unused && other.reservation.id >= id),
        );
        const rows = used.filter((row) => row.day === day && lineOf(row.type) === lineOf(type));
        const hours = total(rows.map((row) => gpuHours(row) ?? 0n));
        const beside = isFirst ? least(hours, unused) : 0n;
        const cost = summed(
          rows
            .filter((row) => (gpuHours(row) ?? 0n) > 0n)
            .map((row): Cost | null =>
              row.cost === null || row.price === null
                ? null
                : { amount: row.cost, currency: row.price.currency },
            ),
        );
        return {
          day,
          beside,
          cost: cost && hours > 0n ? { ...cost, amount: divided(cost.amount * beside, hours) } : null,
        };
      });
    const within = days.filter(({ day }) => day >= today - length);
    const both = within.filter(({ beside }) => beside > 0n);
    const enough = (BigInt(hundredths(organization, rule)) * BigInt(within.length) * 24n * 10n ** 12n) / 100n;
    if (both.length === 0 || total(both.map(({ beside }) => beside)) < enough) continue;
    if (both.length * 24 < minHours(organization, rule)) continue;
    // The first day since which there was no gap as long as the window.
    const ever = days.filter(({ beside }) => beside > 0n).map(({ day }) => day);
    const first = ever.findLast((day, at) => at === 0 || day - (ever[at - 1] ?? 0) > length) ?? 0;
    const cost = summed(both.map((day) => day.cost));
    report(
      id,
      first * 24,
      cost && {
        ...cost,
        amount: divided(cost.amount * 730n, BigInt(within.length) * 24n),
      },
    );
  }
}

function projectsWithoutUsage(organization: RandomOrganization, found: Sums<Finding>): void {
  const report = findingsOf(organization, "project_without_usage", found);
  const { projects, windows, prices } = organization;
  for (const { id: project } of projects) {
    const read = readSince(windows, project);
    if (read === null || !areRead(organization, project, ["vms", "disks", "snapshots"])) continue;
    const rows = known(organization).filter((row) => row.project === project && row.quantity > 0n);
    const lastUsed = rows
      .filter(({ metric }) => metric !== "storage")
      .reduce((last, { day }) => Math.max(last, day), -1);
    const of = <T extends { project: string }>(things: readonly T[]) =>
      things.filter((thing) => thing.project === project);
    const things = [...of(organization.vms), ...of(organization.disks), ...of(organization.snapshots)];
    if (things.length === 0 && rows.length === 0) continue;
    const begun = Math.min(
      ...things.map(({ createdAt }) => Math.floor(createdAt / 24)),
      ...rows.map(({ day }) => day),
    );
    const costs: [string, Cost | null][] = [
      ...standing(of(organization.disks)).map((disk): [string, Cost | null] => [
        `disk:${disk.id}`,
        diskCost(organization, disk, disk.size),
      ]),
      ...of(organization.snapshots).map((snapshot): [string, Cost | null] => {
        const disk = organization.disks.find(({ id }) => id === snapshot.of);
        const cost = monthly(
          prices,
          {
            project,
            region: disk ? "us-east1" : null,
            type: "snapshot",
            metric: "storage",
            reservation: null,
            category: "on_demand",
          },
          snapshot.size,
          9,
        );
        return [`snapshot:${snapshot.id}`, cost];
      }),
    ];
    const cost = summed(costs.map(([, one]) => one));
    const parts = costs.map(([id, one]): [string, bigint] => [id, one?.amount ?? 0n]);
    report(project, Math.max(read, lastUsed + 1, begun) * 24, cost, undefined, parts);
  }
}

function longLivedVms(organization: RandomOrganization, found: Sums<Finding>): void {
  const rule = "long_lived_vm";
  const report = findingsOf(organization, rule, found);
  const opens = now - windowDays(organization, rule) * 24;
  for (const { id: project } of organization.projects) {
    const vms = organization.vms.filter((vm) => vm.project === project && (vm.goneAt ?? now) >= opens);
    if (vms.length < 5) continue;
    const lives = vms.map(({ createdAt, goneAt }) => (goneAt ?? now) - createdAt).sort((a, b) => a - b);
    const at = (place: number) => lives[place] ?? 0;
    const median = (at(Math.floor((lives.length - 1) / 2)) + at(Math.ceil((lives.length - 1) / 2))) / 2;
    for (const vm of standing(vms)) {
      if (vm.state !== "running" || vm.reservation !== null) continue;
      const allowed = Math.max((median * hundredths(organization, rule)) / 100, minHours(organization, rule));
      report(vm.id, vm.createdAt + allowed, vmCost(organization, vm), vm.createdAt + allowed);
    }
  }
}

function spotCandidates(organization: RandomOrganization, found: Sums<Finding>): void {
  const rule = "spot_candidate";
  const report = findingsOf(organization, rule, found);
  const opens = now - windowDays(organization, rule) * 24;
  const least = hundredths(organization, rule) / 100;
  for (const vm of standing(organization.vms)) {
    if (vm.state !== "running" || categoryOf(vm) !== "on_demand") continue;
    if ((typeNamed(vm.type)?.gpus ?? 0) === 0) continue;
    // Readings show some starts and operations others; both show the same.
    const told = organization.starts.filter(
      (start) => start.vm === vm.id && start.hasSucceeded && start.at >= opens,
    ).length;
    const seen = vm.changedAt !== null && vm.changedAt >= opens ? 1 : 0;
    if (vm.group === null && Math.max(told, seen) < least) continue;
    const onDemand = vmCost(organization, vm);
    const spot = vmCost(organization, vm, { category: "spot" });
    if (onDemand === null || spot === null || onDemand.currency !== spot.currency) continue;
    if (spot.amount >= onDemand.amount) continue;
    const saved = { ...onDemand, amount: onDemand.amount - spot.amount };
    report(vm.id, since(organization, vm, "vms"), saved);
  }
}
