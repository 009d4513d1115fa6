import { publicIp } from "../addresses.ts";
import type { Answer } from "../answer.ts";
import { disksOfVm, isLiving, isRunning, reservationIdAt } from "../inventory.ts";
import { requireQuota } from "../quota.ts";
import { Refusal } from "../refusal.ts";
import { findRoom, requireReservation } from "../room.ts";
import { type Call, pathParameter, requireBody, requireWritableProject } from "../route.ts";
import { productLineOf, type Vm } from "../state.ts";
import { createVm, newDiskGib } from "../vm-creation.ts";
import {
  attachDisk,
  deleteVm,
  detachDisk,
  joinReservation,
  leaveReservation,
  retypeVm,
  startVm,
  stopVm,
} from "../vm-history.ts";
import {
  requireAttachable,
  requireImage,
  requireLocation,
  requireType,
  reservationFor,
} from "../vm-orders.ts";
import {
  begin,
  beginAtOnce,
  deletionUnderWay,
  newId,
  record,
  requireFreeName,
  requireSettled,
} from "../writing.ts";
import { operationAnswer } from "./operations.ts";
import { disksToAttach, disksToDetach, newVm, vmChange } from "./vm-schemas.ts";

export function postVm(call: Call): Answer {
  const project = requireWritableProject(call);
  const order = requireBody(call, newVm);
  requireType(call, order.type);
  const location = requireLocation(call, order.location);
  requireImage(call, order.image, null);
  requireImage(call, order.custom_image, project);
  requireFreeName(call, call.organization.vms, { name: order.name, projectId: project.id });
  const disks = requireAttachable(call, order.disks, { projectId: project.id, location });
  requireQuota(call, {
    projectId: project.id,
    vms: { type: order.type, count: 1 },
    diskGib: newDiskGib({ disks, newDisks: [] }),
  });
  const operation = begin(call, "vm", "CREATE");
  const { completedAt } = operation;
  const wish = { type: order.type, location, projectId: project.id, count: 1 };
  const reservation = reservationFor(call, order.reservation_specification, wish, completedAt);
  const failure = reservation ? null : findRoom(call, wish, completedAt);
  const named = { id: newId(call), name: order.name, projectId: project.id };
  if (failure) return operationAnswer(call, record(call, operation, { resource: named, failure }));
  const [way] = order.network_interfaces;
  const { vm, touched } = createVm(
    call,
    {
      name: order.name,
      projectId: project.id,
      type: order.type,
      location,
      subnetId: way?.subnet ?? "",
      publicIpType: way?.ips[0]?.public_ipv4?.type ?? null,
      partitionId: order.host_channel_adapters[0]?.ib_partition_id ?? "",
      maintenancePolicy: order.maintenance_policy,
      reservation,
      disks,
      newDisks: [],
      groupId: null,
      templateId: null,
    },
    completedAt,
  );
  return operationAnswer(call, record(call, operation, { resource: vm, touched }));
}

function requireVm(call: Call): Vm {
  const project = requireWritableProject(call);
  const vm = call.derived.inventory.vmById.get(pathParameter(call, "vm_id"));
  if (!vm || vm.projectId !== project.id || !isLiving(vm, call.at)) {
    throw new Refusal(404, "no such resource in this project");
  }
  return vm;
}

/** Who deletes what is being deleted gets the operation that does it. */
export function deleteVmOf(call: Call): Answer {
  const vm = requireVm(call);
  const underWay = deletionUnderWay(call, vm);
  if (underWay) return operationAnswer(call, underWay);
  requireSettled(call, vm);
  return operationAnswer(call, beginDeletion(call, vm));
}

/** Takes a VM out of the history from when that will be done. */
export function beginDeletion(call: Call, vm: Vm) {
  const operation = begin(call, "vm", "DELETE");
  const disks = call.derived.inventory.disksByVm.get(vm.id) ?? [];
  // Those that it held once and holds no more are no concern of it.
  const held = disks.filter(({ attachments }) =>
    attachments.some(({ vmId, to }) => vmId === vm.id && (to === null || to > call.at)),
  );
  deleteVm(vm, held, operation.completedAt);
  return record(call, operation, { resource: vm, touched: held.map(({ id }) => id) });
}

type Change = ReturnType<typeof readChange>;
const readChange = (call: Call) => requireBody(call, vmChange);

export function patchVm(call: Call): Answer {
  const vm = requireVm(call);
  const change = readChange(call);
  requireSettled(call, vm);
  return operationAnswer(call, changes[change.action](call, vm, change));
}

const changes: Record<Change["action"], (call: Call, vm: Vm, change: Change) => ReturnType<typeof record>> = {
  START(call, vm) {
    if (isRunning(vm, call.at)) throw new Refusal(409, `${vm.name} runs already`);
    const operation = begin(call, "vm", "START");
    const { completedAt } = operation;
    const wish = { type: vm.type, location: vm.location, projectId: vm.projectId, count: 1 };
    const reservationId = reservationIdAt(vm, completedAt);
    if (reservationId) requireReservation(call, reservationId, { ...wish, runs: true }, completedAt);
    const failure = !reservationId && drawsOnCapacity(call, vm) ? findRoom(call, wish, completedAt) : null;
    if (!failure) startVm(vm, completedAt);
    return record(call, operation, { resource: vm, failure });
  },
  STOP(call, vm) {
    requireRunning(call, vm);
    const operation = begin(call, "vm", "STOP");
    stopVm(vm, operation.completedAt);
    return record(call, operation, { resource: vm });
  },
  RESET(call, vm) {
    requireRunning(call, vm);
    const operation = begin(call, "vm", "RESET");
    vm.resets = [...vm.resets.filter((reset) => reset <= call.at), operation.completedAt];
    return record(call, operation, { resource: vm });
  },
  RESERVE(call, vm, { reservation_id: id }) {
    if (!id) throw new Refusal(400, "reservation_id: is required");
    if (reservationIdAt(vm, call.at) === id)
      throw new Refusal(409, `${vm.name} is on that reservation already`);
    const wish = { type: vm.type, location: vm.location, projectId: vm.projectId, count: 1 };
    const runs = isRunning(vm, call.at);
    const { contract } = requireReservation(call, id, { ...wish, runs }, call.at);
    joinReservation(vm, id, call.at, contract.to);
    return record(call, beginAtOnce(call, "vm", "RESERVE"), { resource: vm });
  },
  UNRESERVE(call, vm) {
    if (!reservationIdAt(vm, call.at)) throw new Refusal(409, `${vm.name} is on no reservation`);
    const wish = { type: vm.type, location: vm.location, projectId: vm.projectId, count: 1 };
    if (isRunning(vm, call.at) && drawsOnCapacity(call, vm)) findRoom(call, wish, call.at);
    leaveReservation(vm, call.at);
    return record(call, beginAtOnce(call, "vm", "UNRESERVE"), { resource: vm });
  },
  UPDATE: updateVm,
};

/** Its type where it is stopped, its public address where it runs, and its policy whenever. */
function updateVm(call: Call, vm: Vm, change: Change) {
  const { type, network_interfaces: ways, maintenance_policy: policy } = change;
  const address = ways[0]?.ips[0]?.public_ipv4;
  const isOfAnotherType = type !== "" && type !== vm.type;
  if (isOfAnotherType) {
    requireType(call, type);
    if (productLineOf(type) !== productLineOf(vm.type)) {
      throw new Refusal(400, `type: ${vm.name} can only be of another size of ${productLineOf(vm.type)}`);
    }
    if (isRunning(vm, call.at))
      throw new Refusal(409, `${vm.name} must be stopped before its type is changed`);
    if (reservationIdAt(vm, call.at))
      throw new Refusal(409, `${vm.name} must leave its reservation before that`);
    requireQuota(call, { projectId: vm.projectId, vms: { type, count: 1, insteadOf: vm.type } });
  }
  if (address && vm.networkInterface) {
    if (!isRunning(vm, call.at)) throw new Refusal(409, `${vm.name} must run for its address to be changed`);
    vm.networkInterface.publicIp = address.type && publicIp(vm.id, address.type);
  }
  if (policy) vm.maintenancePolicy = policy;
  if (!isOfAnotherType) return record(call, beginAtOnce(call, "vm", "UPDATE"), { resource: vm });
  const operation = begin(call, "vm", "UPDATE");
  retypeVm(vm, type, operation.completedAt);
  return record(call, operation, { resource: vm });
}

function requireRunning(call: Call, vm: Vm): void {
  if (!isRunning(vm, call.at)) throw new Refusal(409, `${vm.name} does not run`);
}

/** A scenario's own VMs have their places. */
const drawsOnCapacity = ({ derived }: Call, vm: Vm): boolean => derived.ordered.has(vm);

export function attachDisks(call: Call): Answer {
  const vm = requireVm(call);
  const { attach_disks: orders } = requireBody(call, disksToAttach);
  requireSettled(call, vm);
  const held = disksOfVm(vm, call.at, call.derived.inventory);
  const twice = held.find(({ disk }) => orders.some(({ disk_id: id }) => id === disk.id));
  if (twice) throw new Refusal(409, `the disk ${twice.disk.name} is attached to ${vm.name} already`);
  const disks = requireAttachable(call, orders, vm);
  if (
    disks.some(({ type }) => type === "os") &&
    (isRunning(vm, call.at) || held.some(({ attachment }) => attachment.type === "os"))
  ) {
    throw new Refusal(409, `${vm.name} has a disk for its system, or runs`);
  }
  const operation = begin(call, "vm", "ATTACH_DISKS");
  for (const { disk, ...how } of disks) attachDisk(disk, { vmId: vm.id, ...how }, operation.completedAt);
  return operationAnswer(
    call,
    record(call, operation, { resource: vm, touched: disks.map(({ disk }) => disk.id) }),
  );
}

export function detachDisks(call: Call): Answer {
  const vm = requireVm(call);
  const { detach_disks: ids } = requireBody(call, disksToDetach);
  requireSettled(call, vm);
  const held = disksOfVm(vm, call.at, call.derived.inventory);
  const disks = [...new Set(ids)].map((id) => {
    const found = held.find(({ disk }) => disk.id === id);
    if (!found) throw new Refusal(409, `there is no disk ${JSON.stringify(id)} attached to ${vm.name}`);
    if (found.attachment.type === "os")
      throw new Refusal(409, `${found.disk.name} holds the system of ${vm.name}`);
    requireSettled(call, found.disk);
    return found.disk;
  });
  const operation = begin(call, "vm", "DETACH_DISKS");
  for (const disk of disks) detachDisk(disk, vm.id, operation.completedAt);
  return operationAnswer(call, record(call, operation, { resource: vm, touched: disks.map(({ id }) => id) }));
}
