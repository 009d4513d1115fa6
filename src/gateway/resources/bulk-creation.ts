import { subnetFor } from "../addresses.ts";
import type { Answer } from "../answer.ts";
import { isLiving } from "../inventory.ts";
import { requireQuota } from "../quota.ts";
import { Refusal } from "../refusal.ts";
import { findRoom } from "../room.ts";
import { type Call, requireBody, requireWritableProject } from "../route.ts";
import type { Project, Template } from "../state.ts";
import { createVm, newDiskGib } from "../vm-creation.ts";
import { requireLocation, reservationFor } from "../vm-orders.ts";
import { begin, newId, record } from "../writing.ts";
import { operationAnswer } from "./operations.ts";
import { freeNames, planFrom } from "./scaling.ts";
import { templateFrom } from "./templates.ts";
import { mostVmsAtOnce, newVms } from "./vm-schemas.ts";

/** Makes several VMs in one operation: all of them or none. */
export function postVms(call: Call): Answer {
  const project = requireWritableProject(call);
  const order = requireBody(call, newVms);
  const template = templateOf(call, project, order);
  requireGroup(call, order.instance_group_id, project.id);
  const places = placesOf(call, template, order.locations);
  const total = order.count * places.length;
  if (total > mostVmsAtOnce) throw new Refusal(400, `count: at most ${mostVmsAtOnce} are made at once`);
  requireQuota(call, {
    projectId: project.id,
    vms: { type: template.type, count: total },
    diskGib: newDiskGib({ disks: [], newDisks: template.disks }) * total,
  });
  const operation = begin(call, "vm", "CREATE");
  const { completedAt } = operation;
  const specification =
    order.reservation_specification ?? (template.reservationId ? { id: template.reservationId } : null);
  const rooms = places.map((place) => {
    const wish = { type: template.type, location: place.location, projectId: project.id };
    const reservation = reservationFor(call, specification, { ...wish, count: total }, completedAt);
    const failure = reservation ? null : findRoom(call, { ...wish, count: order.count }, completedAt);
    return { ...place, reservation, failure };
  });
  const resource = { id: newId(call), name: order.name_prefix, projectId: project.id };
  const failure = rooms.find((room) => room.failure)?.failure;
  if (failure) return operationAnswer(call, record(call, operation, { resource, failure, resultIds: [] }));
  const placed = inSubnets(call, project.id, rooms);
  const names = freeNames(call, order.name_prefix, project.id, total);
  // As many in each place: the first so many in the first.
  const made = placed.flatMap(({ location, subnetId, partitionId, reservation }, number) =>
    names.slice(number * order.count, (number + 1) * order.count).map((name) => {
      const own = { name, subnetId, partitionId, reservation, groupId: order.instance_group_id || null };
      const templateId = order.instance_template_id || null;
      return createVm(call, { ...planFrom(template, location), ...own, templateId }, completedAt);
    }),
  );
  const operationDone = record(call, operation, {
    resource,
    touched: made.flatMap(({ touched }) => touched),
    resultIds: made.map(({ vm }) => vm.id),
  });
  return operationAnswer(call, operationDone);
}

/**
 * The places, each with its subnet: found before any VM is made, so that none is where one is refused, and those that
 * were named before one is made where none was.
 */
function inSubnets<Place extends { location: string; subnetId: string }>(
  call: Call,
  projectId: string,
  places: readonly Place[],
): Place[] {
  for (const place of places) if (place.subnetId) subnetFor(call, { projectId, ...place });
  return places.map((place) => ({ ...place, subnetId: subnetFor(call, { projectId, ...place }).id }));
}

type Order = ReturnType<typeof readOrder>;
const readOrder = (call: Call) => requireBody(call, newVms);

/** The template that was named, or the one that came with the order. */
function templateOf(call: Call, project: Project, order: Order): Template {
  const { instance_template_id: id, instance_template: given } = order;
  if (!id) {
    if (!given) throw new Refusal(400, "instance_template_id: is required, or an instance_template");
    return templateFrom(call, project, given, "");
  }
  const found = call.organization.templates.find((one) => one.id === id && one.projectId === project.id);
  if (found && isLiving(found, call.at)) return found;
  throw new Refusal(400, `instance_template_id: there is no ${JSON.stringify(id)} in this project`);
}

function requireGroup({ organization, at }: Call, id: string, projectId: string): void {
  if (!id) return;
  const found = organization.groups.find((group) => group.id === id && group.projectId === projectId);
  if (!found || !isLiving(found, at)) {
    throw new Refusal(400, `instance_group_id: there is no ${JSON.stringify(id)} in this project`);
  }
}

/** Where they are to be: in each of the locations that were named, or else in that of the template. */
function placesOf(call: Call, template: Template, locations: Order["locations"]) {
  if (locations.length === 0) {
    const location = requireLocation(call, template.location);
    const { subnetId, partitionId } = planFrom(template, location);
    return [{ location, subnetId, partitionId }];
  }
  if (new Set(locations.map(({ location }) => location)).size < locations.length) {
    throw new Refusal(400, "locations: one is named twice");
  }
  return locations.map((place) => ({
    location: requireLocation(call, place.location),
    subnetId: place.subnet_id,
    partitionId: place.ib_partition_id,
  }));
}
