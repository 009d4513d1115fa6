import { type Instant, type Interval, intersect } from "./instant.ts";
import { type InventoryIndex, typesOf } from "./inventory.ts";
import { type Organization, productLineOf, type Reservation, regionOf, type Vm } from "./state.ts";

/** How many GPUs of a product line ran in a region, and how many are reserved, from an instant on. */
export interface GpuCount {
  at: Instant;
  productLine: string;
  region: string;
  running: number;
  /** Of these, what belongs to no reservation. */
  onDemand: number;
  reservedInRegion: number;
  reserved: number;
  /** Per GPU-hour or instance-hour, by the contract in force; null between contracts. */
  price: number | null;
}

type Sums = Pick<GpuCount, "running" | "onDemand" | "reservedInRegion" | "reserved">;

/**
 * What was counted of every line that there ever was a reservation of: once as the window begins, and at every
 * change in it.
 */
export function trackGpus(
  organization: Organization,
  index: InventoryIndex,
  { from, to }: { from: Instant; to: Instant },
): GpuCount[] {
  const lines = new Map<string, Reservation[]>();
  for (const reservation of organization.reservations) {
    const line = productLineOf(reservation.productLine);
    lines.set(line, [...(lines.get(line) ?? []), reservation]);
  }
  const counts = [...lines].flatMap(([line, reservations]) => {
    const vms = organization.vms.filter(({ type }) => productLineOf(type) === line);
    const regions = new Set([
      ...reservations.flatMap(({ locations }) => locations.map(regionOf)),
      ...vms.map(({ location }) => regionOf(location)),
    ]);
    return [...regions].flatMap((region) => {
      const changes = [
        ...vms.filter(({ location }) => regionOf(location) === region).flatMap((vm) => vmChanges(vm, index)),
        ...reservations.flatMap((reservation) => reservationChanges(reservation, region, index)),
      ];
      return countsOf(changes, { from, to }).map(
        (sums): GpuCount => ({ ...sums, productLine: line, region, price: priceAt(reservations, sums.at) }),
      );
    });
  });
  return counts.sort(
    (a, b) => a.at - b.at || compare(a.productLine, b.productLine) || compare(a.region, b.region),
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

interface Change {
  at: Instant;
  by: Partial<Sums>;
}

/** As it begins, and the other way round as it ends. */
const during = ({ from, to }: Interval, by: Partial<Sums>): Change[] => [
  { at: from, by },
  ...(to === null
    ? []
    : [{ at: to, by: Object.fromEntries(Object.entries(by).map(([name, count]) => [name, -count])) }]),
];

function vmChanges(vm: Vm, index: InventoryIndex): Change[] {
  return typesOf(vm).flatMap(({ type, ...era }) => {
    const gpus = index.typeByName.get(type)?.numGpu ?? 0;
    const lifetime = intersect({ from: vm.createdAt, to: vm.deletedAt }, era);
    const runs = vm.runs.flatMap((run) => (lifetime && intersect(run, lifetime)) ?? []);
    const reserved = vm.reservations.flatMap((membership) =>
      runs.flatMap((run) => intersect(run, membership) ?? []),
    );
    return [
      ...runs.flatMap((run) => during(run, { running: gpus, onDemand: gpus })),
      ...reserved.flatMap((run) => during(run, { onDemand: -gpus })),
    ];
  });
}

function reservationChanges(
  { productLine, quantity, locations, contract }: Reservation,
  region: string,
  index: InventoryIndex,
): Change[] {
  const gpus = quantity * (index.typeByName.get(productLine)?.numGpu ?? 1);
  const isHere = locations.some((location) => regionOf(location) === region);
  return during(contract, { reserved: gpus, ...(isHere && { reservedInRegion: gpus }) });
}

/** The sums as the window begins, and after each of its instants at which something changed. */
function countsOf(
  changes: readonly Change[],
  { from, to }: { from: Instant; to: Instant },
): (Sums & { at: Instant })[] {
  const sorted = changes.filter(({ at }) => at <= to).sort((a, b) => a.at - b.at);
  const sums: Sums = { running: 0, onDemand: 0, reservedInRegion: 0, reserved: 0 };
  const counts: (Sums & { at: Instant })[] = [];
  const note = (at: Instant) => {
    if (counts.at(-1)?.at === at) counts.pop();
    counts.push({ at, ...sums });
  };
  note(from);
  for (const { at, by } of sorted) {
    for (const name of ["running", "onDemand", "reservedInRegion", "reserved"] as const) {
      sums[name] += by[name] ?? 0;
    }
    note(Math.max(at, from));
  }
  // Before there was anything of a line, there is nothing to say of it.
  const isNothing = ({ running, reserved }: Sums) => running === 0 && reserved === 0;
  return counts[0] && isNothing(counts[0]) ? counts.slice(1) : counts;
}

function priceAt(reservations: readonly Reservation[], at: Instant): number | null {
  const inForce = reservations.find(({ contract }) => contract.from <= at && at < contract.to);
  const price = Number.parseFloat(inForce?.price.replace(/^[^\d.]+/, "") ?? "");
  return Number.isNaN(price) ? null : price;
}
