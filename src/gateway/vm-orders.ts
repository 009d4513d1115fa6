import { attachmentsAt, isLiving, living } from "./inventory.ts";
import { Refusal } from "./refusal.ts";
import { cheapestReservation, requireReservation, type Wish } from "./room.ts";
import type { Call } from "./route.ts";
import type { Disk, Project, Reservation } from "./state.ts";
import { requireSettled } from "./writing.ts";

/** What of an order for VMs must be so, whichever operation the order comes by. */

export function requireType({ derived }: Call, type: string): void {
  if (!derived.inventory.typeByName.has(type)) {
    throw new Refusal(400, `type: there is no VM type ${JSON.stringify(type)}`);
  }
}

/** The location that was named, or the first. */
export function requireLocation({ organization }: Call, location: string): string {
  const found = location || organization.locations[0];
  if (found && organization.locations.includes(found)) return found;
  throw new Refusal(400, `location: there is no ${JSON.stringify(location)}`);
}

/** An image may be named with what it is tagged as, such as `ubuntu22.04:latest`. */
export function requireImage({ organization, at }: Call, name: string, project: Project | null): void {
  if (name === "") return;
  const images = living(organization.images, at).filter(
    ({ projectId }) => projectId === (project ? project.id : null),
  );
  // A scenario may leave the provider's images out.
  if (!project && images.length === 0) return;
  const plain = name.replace(/:[^:]*$/, "");
  if (!images.some((image) => [name, plain].includes(image.name) || image.id === name)) {
    throw new Refusal(400, `image: there is no ${JSON.stringify(name)}`);
  }
}

interface ReservationSpecification {
  id?: string | null | undefined;
  selection_strategy?: string | null | undefined;
}

/** The reservation that VMs are to run on: the one named, none, or the cheapest that can take them all. */
export function reservationFor(
  call: Call,
  specification: ReservationSpecification | null,
  wish: Wish,
  from: number,
): Reservation | null {
  const { id, selection_strategy: strategy } = specification ?? {};
  if (id) return requireReservation(call, id, { ...wish, runs: true }, from);
  if (strategy === "on_demand" || (id === "" && !strategy)) return null;
  return cheapestReservation(call, wish, from);
}

export interface AttachmentOrder {
  disk_id: string;
  attachment_type: "os" | "data";
  mode: "read-only" | "read-write";
}

/**
 * The disks that are to be attached to a VM of a project, each with how.
 *
 * @throws Refusal 400, 404 or 409 where one can't be
 */
export function requireAttachable(
  call: Call,
  orders: readonly AttachmentOrder[],
  { projectId, location }: { projectId: string; location: string },
) {
  const { derived, at } = call;
  const ids = new Set(orders.map(({ disk_id: id }) => id));
  if (ids.size < orders.length) throw new Refusal(400, "a disk is named twice");
  if (orders.filter(({ attachment_type: type }) => type === "os").length > 1) {
    throw new Refusal(400, "a VM has one disk for its system");
  }
  return orders.map(({ disk_id: id, attachment_type: type, mode }) => {
    const disk = requireDisk(call, id, projectId);
    requireSettled(call, disk);
    if (disk.location !== location) {
      throw new Refusal(400, `the disk ${disk.name} is in ${disk.location}, and the VM in ${location}`);
    }
    const others = attachmentsAt(disk, at, derived.inventory);
    const isShared =
      disk.type === "shared-volume" || [...others, { mode }].every((one) => one.mode === "read-only");
    if (others.length > 0 && !isShared) throw new Refusal(409, `the disk ${disk.name} is attached already`);
    return { disk, type, mode };
  });
}

export function requireDisk({ derived, at }: Call, id: string, projectId: string): Disk {
  const disk = derived.inventory.diskById.get(id);
  if (!disk || disk.projectId !== projectId || !isLiving(disk, at)) {
    throw new Refusal(404, `there is no disk ${JSON.stringify(id)} in this project`);
  }
  return disk;
}
