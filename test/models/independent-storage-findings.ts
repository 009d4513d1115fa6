import {
  diskCost,
  type Finding,
  findingsOf,
  hundredths,
  lastStatus,
  minHours,
  monthly,
  since,
  standing,
  stoppedSince,
  summed,
} from "./independent-idle.ts";
import { type Sums, total } from "./independent-sums.ts";
import { holdersOf } from "./organization-rows.ts";
import type { Disk, RandomOrganization, Resource } from "./random-organization.ts";

/** What the rules about stopped VMs, disks and snapshots should find. */
export function storageFindings(organization: RandomOrganization, found: Sums<Finding>): void {
  stoppedVms(organization, found);
  unattachedDisks(organization, found);
  oversizedDisks(organization, found);
  snapshots(organization, found);
}

function stoppedVms(organization: RandomOrganization, found: Sums<Finding>): void {
  const withDisks = findingsOf(organization, "stopped_vm_with_disks", found);
  const withAddress = findingsOf(organization, "static_address_on_stopped_vm", found);
  const ofStopped = findingsOf(organization, "disk_on_stopped_vms", found);
  const stopped = new Map(
    standing(organization.vms)
      .filter(({ state }) => state === "stopped")
      .map((vm) => [vm.id, stoppedSince(organization, vm)]),
  );
  const ofNobodyElse = standing(organization.disks).filter(
    (disk) => disk.of !== null && holdersOf(disk).every((vm) => stopped.has(vm)),
  );
  for (const vm of standing(organization.vms)) {
    const idle = stopped.get(vm.id);
    if (idle === undefined) continue;
    if (vm.hasStaticAddress) withAddress(vm.id, idle, null);
    const disks = ofNobodyElse.filter((disk) => holdersOf(disk).includes(vm.id));
    // Of several stopped VMs that share a disk the first counts it.
    const counted = disks.filter((disk) => holdersOf(disk).sort()[0] === vm.id);
    if (disks.length === 0) continue;
    // Unless all that it holds are priced, nothing says what it wastes.
    const costs = new Map(disks.map((disk) => [disk, diskCost(organization, disk, disk.size)]));
    const cost = summed([...costs.values()]);
    const amount = total(counted.map((disk) => costs.get(disk)?.amount ?? 0n));
    const parts = counted.map((disk): [string, bigint] => [`disk:${disk.id}`, costs.get(disk)?.amount ?? 0n]);
    withDisks(vm.id, idle, cost && { ...cost, amount }, undefined, parts);
  }
  for (const disk of ofNobodyElse) {
    const idle = Math.max(disk.createdAt, ...holdersOf(disk).map((vm) => stopped.get(vm) ?? 0));
    ofStopped(disk.id, idle, diskCost(organization, disk, disk.size));
  }
}

function unattachedDisks(organization: RandomOrganization, found: Sums<Finding>): void {
  const report = findingsOf(organization, "unattached_disk", found);
  for (const disk of standing(organization.disks).filter(({ of }) => of === null)) {
    report(disk.id, since(organization, disk, "disks"), diskCost(organization, disk, disk.size));
  }
}

function oversizedDisks(organization: RandomOrganization, found: Sums<Finding>): void {
  const report = findingsOf(organization, "oversized_os_disk", found);
  const most = BigInt(hundredths(organization, "oversized_os_disk")) * 10n ** 7n;
  const wasSmaller = ({ hasGrown, changedAt }: Disk) => hasGrown && changedAt !== null;
  for (const disk of standing(organization.disks)) {
    if (!disk.isOs || disk.of === null || disk.size <= most) continue;
    // One that was too large when it was seen first was made so.
    const idle = wasSmaller(disk) ? since(organization, disk, "disks") : disk.createdAt;
    report(disk.id, idle, diskCost(organization, disk, disk.size - most));
  }
}

function snapshots(organization: RandomOrganization, found: Sums<Finding>): void {
  const { projects, disks, prices } = organization;
  const orphaned = findingsOf(organization, "orphaned_snapshot", found);
  const old = findingsOf(organization, "old_snapshot", found);
  const newer = hundredths(organization, "old_snapshot") / 100;
  const areDisksRead = projects.every(({ id }) => lastStatus(organization, "disks", id) === "complete");
  const cost = (snapshot: Resource, region: string | null) =>
    monthly(
      prices,
      {
        project: snapshot.project,
        region,
        type: "snapshot",
        metric: "storage",
        reservation: null,
        category: "on_demand",
      },
      snapshot.size,
      9,
    );
  for (const snapshot of organization.snapshots) {
    const disk = disks.find(({ id }) => id === snapshot.of);
    if (!disk || disk.goneAt !== null) {
      const unseen = snapshot.meteredOn === null ? snapshot.firstSeenAt : (snapshot.meteredOn + 1) * 24;
      const gone = Math.max(disk?.goneAt ?? unseen, snapshot.createdAt);
      if (areDisksRead) orphaned(snapshot.id, gone, cost(snapshot, disk ? "us-east1" : null));
      continue;
    }
    const later = organization.snapshots
      .filter((other) => other.of === snapshot.of && other.createdAt > snapshot.createdAt)
      .map(({ createdAt }) => createdAt)
      .sort((a, b) => a - b);
    const superseded = later[newer - 1];
    if (superseded === undefined) continue;
    const aged = snapshot.createdAt + minHours(organization, "old_snapshot");
    old(snapshot.id, superseded, cost(snapshot, "us-east1"), Math.max(superseded, aged));
  }
}
