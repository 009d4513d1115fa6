import { type Answer, json } from "../answer.ts";
import { isoOf } from "../instant.ts";
import { reservationUseAt } from "../inventory.ts";
import { listOf, shaped } from "../paging.ts";
import { parameter } from "../query.ts";
import { Refusal } from "../refusal.ts";
import { type Call, pathParameter, requireOrganization } from "../route.ts";
import type { Reservation } from "../state.ts";

export function listReservations(call: Call): Answer {
  requireOrganization(call);
  const status = parameter(call.query, "status");
  if (status && !["active", "expired"].includes(status))
    throw new Refusal(400, "status is active or expired");
  const reservations = knownReservations(call).filter(
    ({ contract }) =>
      !status || (status === "active") === (contract.from <= call.at && call.at < contract.to),
  );
  return listOf(
    call,
    reservations.map((reservation) => reservationBody(reservation, call)),
  );
}

/** A list of one: that is how the API answers it. */
export function getReservation(call: Call): Answer {
  requireOrganization(call);
  const id = pathParameter(call, "reservation_id");
  const found = knownReservations(call).filter((reservation) => reservation.id === id);
  if (found.length === 0) throw new Refusal(404, "no such reservation");
  return json({ items: found.map((reservation) => shaped(call, reservationBody(reservation, call))) });
}

const knownReservations = ({ organization, at }: Call): Reservation[] =>
  organization.reservations.filter(({ contract, deliveredAt }) => Math.min(contract.from, deliveredAt) <= at);

function reservationBody(reservation: Reservation, { at, derived }: Call) {
  const { contract } = reservation;
  const { vms, usedQuantity } = reservationUseAt(reservation, at, derived.inventory);
  return {
    contract_end_date: isoOf(contract.to),
    contract_start_date: isoOf(contract.from),
    date_delivered: isoOf(reservation.deliveredAt),
    delivery_deadline: isoOf(contract.from),
    // In years, as the contract counts.
    duration: Math.round(((contract.to - contract.from) / (365 * 86_400)) * 100) / 100,
    id: reservation.id,
    locations: reservation.locations,
    price: reservation.price,
    product_line: reservation.productLine,
    projects: reservation.projectIds,
    quantity: reservation.quantity,
    reservation_type: reservation.reservationType,
    used_quantity: usedQuantity,
    vm_ids: vms.map(({ id }) => id),
  };
}
