import { type Instant, type Interval, intersect, secondsPerDay } from "../instant.ts";
import { hexOf, randomOf, uuidOf } from "../random.ts";
import type { Reservation, Vm } from "../state.ts";
import { type Build, sshPublicKey } from "./build.ts";
import { planFleet, sizeAt } from "./fleet.ts";
import type { FleetEntry, VmEntry } from "./format.ts";

/** A fleet with its group, its template, and all VMs that it ever had. */
export function addFleet(build: Build, fleet: FleetEntry, path: string): void {
  const { file, organization, network, until } = build;
  const { seed } = file;
  const project = build.find(build.projects, fleet.project, `${path}.project`);
  const reservation =
    fleet.reservation && build.find(build.reservations, fleet.reservation.name, `${path}.reservation.name`);
  const common = vmBasics(build, fleet, path);
  const [groupId, templateId] = [uuidOf(seed, "group", fleet.name), uuidOf(seed, "template", fleet.name)];
  if (fleet.has_group) {
    const lifetime = { createdAt: fleet.from, deletedAt: fleet.to ?? null };
    organization.templates.push({
      id: templateId,
      name: `${fleet.name}-template`,
      projectId: project.id,
      type: fleet.type,
      location: fleet.location,
      imageName: file.images.find(({ project: owner }) => owner === undefined)?.name ?? "",
      subnetId: network.subnetOf(project.id, fleet.location, fleet.from).id,
      reservationId: reservation?.id ?? "",
      disks: fleet.data_disks.map(({ type, size_gib }) => ({ type, sizeGib: size_gib })),
      sshPublicKey: sshPublicKey(seed, fleet.name),
      // Start-up scripts are where people leave secrets, so these hold something that looks like one.
      startupScript: `#!/bin/bash\nexport REGISTRY_TOKEN=${hexOf(32, seed, "script", fleet.name)}\n/opt/join-cluster ${fleet.name}\n`,
      shutdownScript: `#!/bin/bash\nexport DEREGISTER_KEY=${hexOf(32, seed, "shutdown", fleet.name)}\n/opt/leave-cluster\n`,
      ...lifetime,
    });
    organization.groups.push({
      id: groupId,
      name: fleet.name,
      projectId: project.id,
      templateId,
      desiredCounts: changesOfSize(
        { ...fleet, vms: fleet.desired ?? fleet.vms },
        Math.min(fleet.to ?? until, until),
      ),
      ...lifetime,
    });
  }
  const vms = planFleet(fleet, seed, until, file.incidents).map((plan) =>
    addVm(build, {
      ...common,
      id: uuidOf(seed, "fleet", fleet.name, plan.slot, plan.createdAt),
      name: plan.name,
      createdAt: plan.createdAt,
      deletedAt: plan.deletedAt,
      runs: plan.runs,
      unmetered: [],
      resets: [],
      failedStarts: [],
      reservation: fleet.reservation && plan.slot < fleet.reservation.vms ? reservation : undefined,
      groupId: fleet.has_group ? groupId : null,
      templateId: fleet.has_group ? templateId : null,
    }),
  );
  build.keep(build.vmsByFleet, fleet.name, vms, `${path}.name`);
}

/** When the number of VMs wanted changed, and to what. */
function changesOfSize(fleet: FleetEntry, end: Instant): { from: Instant; count: number }[] {
  const changes: { from: Instant; count: number }[] = [];
  for (let at = fleet.from; at < end; at += secondsPerDay) {
    const size = sizeAt(fleet, at);
    if (changes.at(-1)?.count !== size) changes.push({ from: at, count: size });
  }
  return changes;
}

export function addSingleVm(build: Build, entry: VmEntry, path: string): void {
  const lifetime = { from: entry.created, to: entry.deleted ?? null };
  const closed = ({ from, to }: { from: Instant; to?: Instant | undefined }): Interval => ({
    from,
    to: to ?? null,
  });
  const vm = addVm(build, {
    ...vmBasics(build, entry, path),
    id: entry.id ?? uuidOf(build.file.seed, "vm", entry.project, entry.name, entry.created),
    name: entry.name,
    createdAt: entry.created,
    deletedAt: entry.deleted ?? null,
    runs: (entry.runs?.map(closed) ?? [lifetime]).flatMap((run) => intersect(run, lifetime) ?? []),
    unmetered: entry.unmetered.map(closed),
    resets: entry.resets,
    failedStarts: entry.failed_starts,
    reservation:
      entry.reservation === undefined
        ? undefined
        : build.find(build.reservations, entry.reservation, `${path}.reservation`),
    groupId: null,
    templateId: null,
  });
  build.keep(build.vmsByName, entry.name, vm, `${path}.name`);
}

/** What a fleet's VMs and a single one say the same way. */
function vmBasics(build: Build, entry: FleetEntry | VmEntry, path: string) {
  return {
    projectId: build.find(build.projects, entry.project, `${path}.project`).id,
    type: build.find(build.types, entry.type, `${path}.type`),
    location: build.find(build.locations, entry.location, `${path}.location`),
    isSpot: entry.is_spot,
    utilisation: entry.gpu_utilisation
      ? {
          mean: entry.gpu_utilisation.mean,
          dailySwing: entry.gpu_utilisation.daily_swing,
          peakAt: entry.gpu_utilisation.peak,
          noise: entry.gpu_utilisation.noise,
          weekendMean: entry.gpu_utilisation.weekend_mean ?? null,
        }
      : null,
    osDiskGib: entry.os_disk_gib,
    dataDisks: entry.data_disks,
    leavesDisks: entry.leaves_disks,
    hasPublicIp: entry.has_public_ip,
  };
}

interface NewVm extends ReturnType<typeof vmBasics> {
  id: string;
  name: string;
  createdAt: Instant;
  deletedAt: Instant | null;
  runs: Interval[];
  unmetered: Interval[];
  resets: Instant[];
  failedStarts: Instant[];
  reservation: Reservation | undefined;
  groupId: string | null;
  templateId: string | null;
}

function addVm({ file, organization, network }: Build, plan: NewVm): Vm {
  const { osDiskGib, dataDisks, leavesDisks, hasPublicIp, reservation, ...vm } = plan;
  const lifetime = { from: vm.createdAt, to: vm.deletedAt };
  const membership = reservation && intersect(lifetime, reservation.contract);
  const fabric = uuidOf(file.seed, "ib-network", vm.location);
  const added: Vm = {
    ...vm,
    reservations: membership && reservation ? [{ ...membership, reservationId: reservation.id }] : [],
    networkInterface: network.interfaceOf(vm.id, vm.projectId, vm.location, vm.createdAt, hasPublicIp),
    infiniband: /-ib\./.test(vm.type)
      ? {
          guid: (hexOf(16, file.seed, "guid", vm.id).toLowerCase().match(/..../g) ?? []).join(":"),
          networkId: fabric,
          partitionId: uuidOf(file.seed, "ib-partition", vm.projectId, vm.location),
        }
      : null,
  };
  organization.vms.push(added);
  const isLeft = leavesDisks > 0 && randomOf(file.seed, "leaves-disks", vm.id)() < leavesDisks;
  const disks = [
    ...(osDiskGib > 0
      ? [{ suffix: "os", kind: "os" as const, type: "persistent-ssd", sizeGib: osDiskGib }]
      : []),
    ...dataDisks.map(({ type, size_gib }, position) => ({
      suffix: `data-${position + 1}`,
      kind: "data" as const,
      type,
      sizeGib: size_gib,
    })),
  ];
  for (const { suffix, kind, type, sizeGib } of disks) {
    organization.disks.push({
      id: uuidOf(file.seed, "disk-of", vm.id, suffix),
      name: `${vm.name}-${suffix}`,
      projectId: vm.projectId,
      type,
      location: vm.location,
      blockSize: 4096,
      serialNumber: hexOf(19, file.seed, "serial", vm.id, suffix),
      sizes: [{ from: vm.createdAt, sizeGib }],
      attachments: [{ ...lifetime, vmId: vm.id, type: kind, mode: "read-write" }],
      createdAt: vm.createdAt,
      deletedAt: isLeft && kind === "data" ? null : vm.deletedAt,
    });
  }
  return added;
}
