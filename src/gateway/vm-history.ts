import type { Instant } from "./instant.ts";
import type { Disk, Vm } from "./state.ts";

/** How a VM's history is written on. What was planned of it after that instant is no more. */

const until = <T extends { from: Instant; to: Instant | null }>(intervals: readonly T[], at: Instant): T[] =>
  intervals.flatMap((one) =>
    one.from >= at ? [] : [one.to !== null && one.to <= at ? one : { ...one, to: at }],
  );

export function startVm(vm: Vm, at: Instant): void {
  vm.runs = [...until(vm.runs, at), { from: at, to: null }];
}

export function stopVm(vm: Vm, at: Instant): void {
  vm.runs = until(vm.runs, at);
}

/** From then on it is of another type. */
export function retypeVm(vm: Vm, type: string, at: Instant): void {
  vm.formerTypes = [...(vm.formerTypes ?? []), { type: vm.type, until: at }];
  vm.type = type;
}

/** The VM goes, and the disk of its system with it; other disks are left behind, attached to nothing. */
export function deleteVm(vm: Vm, disks: readonly Disk[], at: Instant): void {
  stopVm(vm, at);
  vm.reservations = until(vm.reservations, at);
  vm.resets = vm.resets.filter((reset) => reset < at);
  vm.failedStarts = vm.failedStarts.filter((start) => start < at);
  vm.deletedAt = at;
  for (const disk of disks) {
    detachDisk(disk, vm.id, at);
    if (isSystemOf(disk, vm)) disk.deletedAt = at;
  }
}

/** Whether the disk came with the VM, for its system. */
const isSystemOf = (disk: Disk, vm: Vm): boolean =>
  disk.createdAt === vm.createdAt &&
  disk.attachments.some(({ vmId, type }) => vmId === vm.id && type === "os");

export function joinReservation(vm: Vm, reservationId: string, at: Instant, to: Instant): void {
  vm.reservations = [...until(vm.reservations, at), { reservationId, from: at, to }];
}

export function leaveReservation(vm: Vm, at: Instant): void {
  vm.reservations = until(vm.reservations, at);
}

export function attachDisk(
  disk: Disk,
  attachment: { vmId: string; type: "os" | "data"; mode: "read-write" | "read-only" },
  at: Instant,
): void {
  disk.attachments = [...disk.attachments, { ...attachment, from: at, to: null }];
}

export function detachDisk(disk: Disk, vmId: string, at: Instant): void {
  const [own, others] = [
    disk.attachments.filter((one) => one.vmId === vmId),
    disk.attachments.filter((one) => one.vmId !== vmId),
  ];
  disk.attachments = [...others, ...until(own, at)];
}
