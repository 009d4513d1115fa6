import { desiredCountAt } from "../inventory.ts";
import { outOfStock } from "../operations.ts";
import { requireQuota } from "../quota.ts";
import { Refusal } from "../refusal.ts";
import { roomFor } from "../room.ts";
import type { Call } from "../route.ts";
import type { InstanceGroup, Template, Vm } from "../state.ts";
import { createVm, newDiskGib } from "../vm-creation.ts";
import { requireLocation, reservationFor } from "../vm-orders.ts";
import { begin, deletionUnderWay, isThereOrComing, newId, pendingOn, record } from "../writing.ts";
import { beginDeletion } from "./vm-actions.ts";

/** The group's VMs that are there or coming, and not going. */
export const membersOf = (call: Call, { id }: { id: string }): Vm[] =>
  (call.derived.inventory.vmsByGroup.get(id) ?? []).filter(
    (vm) => isThereOrComing(call, vm) && !deletionUnderWay(call, vm),
  );

/**
 * Lets a group have so many VMs: makes new ones from its template, each by an operation of its own, or deletes
 * those that came last. Where there is room for fewer, the operations of the others fail.
 *
 * @throws Refusal 400 beyond a quota, 409 where those that are to go are still being changed
 */
export function scaleGroup(call: Call, group: InstanceGroup, template: Template, count: number): void {
  const members = membersOf(call, group);
  if (count > members.length) addVms(call, group, template, count - members.length);
  else removeVms(call, group, members, members.length - count);
  if (desiredCountAt(group, call.at) === count && group.desiredCounts.length > 0) return;
  group.desiredCounts = [
    ...group.desiredCounts.filter(({ from }) => from < call.at),
    { from: call.at, count },
  ];
}

function addVms(call: Call, group: InstanceGroup, template: Template, count: number): void {
  const { projectId } = group;
  const location = requireLocation(call, template.location);
  requireQuota(call, {
    projectId,
    vms: { type: template.type, count },
    diskGib: newDiskGib({ disks: [], newDisks: template.disks }) * count,
  });
  const wish = { type: template.type, location, projectId, count };
  const specification = template.reservationId ? { id: template.reservationId } : null;
  const reservation = reservationFor(call, specification, wish, call.at);
  const room = reservation ? count : roomFor(call, wish, call.at);
  const names = freeNames(call, group.name, projectId, count);
  for (const [position, name] of names.entries()) {
    const operation = begin(call, "vm", "CREATE");
    if (position >= room) {
      record(call, operation, { resource: { id: newId(call), name, projectId }, failure: outOfStock });
      continue;
    }
    const plan = { ...planFrom(template, location), name, reservation, groupId: group.id };
    const { vm, touched } = createVm(call, plan, operation.completedAt);
    record(call, operation, { resource: vm, touched });
  }
}

function removeVms(call: Call, group: InstanceGroup, members: readonly Vm[], count: number): void {
  const settled = members
    .filter(({ id }) => pendingOn(call, id).length === 0)
    .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  if (settled.length < count) throw new Refusal(409, `VMs of ${group.name} are still being changed`);
  for (const vm of settled.slice(0, count)) beginDeletion(call, vm);
}

/** What a VM takes from its template. */
export const planFrom = (template: Template, location: string) => ({
  projectId: template.projectId,
  type: template.type,
  location,
  subnetId: location === template.location ? template.subnetId : "",
  publicIpType: template.publicIpType ?? null,
  partitionId: template.partitionId ?? "",
  maintenancePolicy: template.maintenancePolicy ?? "unspecified",
  disks: [],
  newDisks: template.disks,
  templateId: template.id,
});

/** The first names of the prefix and a number that no VM of the project has. */
export function freeNames(call: Call, prefix: string, projectId: string, count: number): string[] {
  const taken = new Set(
    call.organization.vms.flatMap((vm) =>
      vm.projectId === projectId && isThereOrComing(call, vm) ? [vm.name] : [],
    ),
  );
  const names: string[] = [];
  for (let number = 1; names.length < count; number++) {
    const name = `${prefix}-${number}`;
    if (!taken.has(name)) names.push(name);
  }
  return names;
}
