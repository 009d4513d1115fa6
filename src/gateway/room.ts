import { type Instant, secondsPerDay } from "./instant.ts";
import { isRunning, reservationIdAt, reservationUseAt } from "./inventory.ts";
import { outOfStock } from "./operations.ts";
import { Refusal } from "./refusal.ts";
import type { Call } from "./route.ts";
import { productLineOf, type RecordedOperation, type Reservation } from "./state.ts";

/** VMs that are to run, and where. */
export interface Wish {
  type: string;
  location: string;
  projectId: string;
  count: number;
}

/**
 * How many more VMs of a type could run in a location. What a scenario says is on offer is free beside its own VMs,
 * so only those that clients made draw on it, while they run and no reservation keeps a place for them. Without
 * any capacities there is room for all.
 */
export function capacityLeft(
  { organization, derived }: Pick<Call, "organization" | "derived">,
  { type, location }: Pick<Wish, "type" | "location">,
  at: Instant,
): number {
  if (organization.capacities.length === 0) return Number.POSITIVE_INFINITY;
  const offer = organization.capacities.find((one) => one.type === type && one.location === location);
  let left = offer?.quantity ?? 0;
  for (const vm of derived.ordered) {
    if (vm.type !== type || vm.location !== location) continue;
    if (isRunning(vm, at) && reservationIdAt(vm, at) === "") left--;
  }
  return left;
}

/**
 * Looks for room: what there is none for now is refused, and what has lost it to others by the time at which it would
 * run comes to nothing, which is told by its operation.
 *
 * @throws Refusal 400
 */
export function findRoom(call: Call, wish: Wish, from: Instant): RecordedOperation["failure"] {
  const left = capacityLeft(call, wish, call.at);
  if (left < wish.count) {
    throw new Refusal(
      400,
      `out of stock: ${wish.location} has room for ${Math.max(0, left)} more of ${wish.type}, ` +
        `and ${wish.count} were asked for`,
    );
  }
  return roomAhead(call, wish, from) < wish.count ? outOfStock : null;
}

/** How many of the VMs there is room for, now and from then on. */
export const roomFor = (call: Call, wish: Wish, from: Instant): number =>
  Math.max(0, Math.min(capacityLeft(call, wish, call.at), roomAhead(call, wish, from)));

/** The least room from then on, as far as what is under way tells. */
const roomAhead = (call: Call, wish: Wish, from: Instant): number =>
  Math.min(...instantsAhead(call, from).map((at) => capacityLeft(call, wish, at)));

/** The instant, and those after it at which something that is under way will have come about. */
function instantsAhead({ organization }: Call, from: Instant): Instant[] {
  const ahead = new Set([from]);
  for (let position = organization.operations.length - 1; position >= 0; position--) {
    const operation = organization.operations[position];
    // No operation takes longer than a day, and they stand in the order in which they began.
    if (!operation || operation.startedAt < from - secondsPerDay) break;
    if (operation.completedAt > from) ahead.add(operation.completedAt);
  }
  return [...ahead];
}

/** What the VMs would take of the reservation: instances where it is for one type, GPUs otherwise. */
function shareOf({ productLine }: Reservation, { type, count }: Wish, { derived }: Call): number {
  if (productLine === type) return count;
  return count * (derived.inventory.typeByName.get(type)?.numGpu ?? 0);
}

/** Why the VMs can't run on the reservation from then on; null where they can. */
export function hindrance(
  call: Call,
  reservation: Reservation,
  wish: Wish & { runs: boolean },
  from: Instant,
): string | null {
  const { productLine, contract, locations, projectIds, quantity } = reservation;
  if (![wish.type, productLineOf(wish.type)].includes(productLine)) return `it is of ${productLine}`;
  if (from < contract.from || from >= contract.to) return "its contract is not in force";
  if (!locations.includes(wish.location)) return `it is of ${locations.join(", ")}`;
  if (projectIds.length > 0 && !projectIds.includes(wish.projectId)) return "it is not of this project";
  if (!wish.runs) return null;
  const used = Math.max(
    ...instantsAhead(call, from).map(
      (at) => reservationUseAt(reservation, at, call.derived.inventory).usedQuantity,
    ),
  );
  return used + shareOf(reservation, wish, call) > quantity
    ? `all but ${quantity - used} of it is in use`
    : null;
}

/**
 * The reservation of that id, for VMs to run on.
 *
 * @throws Refusal 400 where there is none, or it can't take them
 */
export function requireReservation(
  call: Call,
  id: string,
  wish: Wish & { runs: boolean },
  from: Instant,
): Reservation {
  const reservation = call.organization.reservations.find((one) => one.id === id);
  if (!reservation) throw new Refusal(400, `there is no reservation ${JSON.stringify(id)}`);
  const reason = hindrance(call, reservation, wish, from);
  if (reason) throw new Refusal(400, `the reservation ${id} can't take it: ${reason}`);
  return reservation;
}

/** The cheapest reservation that can take them all; null where none can. */
export function cheapestReservation(call: Call, wish: Wish, from: Instant): Reservation | null {
  const fitting = call.organization.reservations
    .filter((one) => hindrance(call, one, { ...wish, runs: true }, from) === null)
    .sort((a, b) => Number(a.price) - Number(b.price) || (a.id < b.id ? -1 : 1));
  return fitting[0] ?? null;
}
