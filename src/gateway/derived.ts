import { type GrowingIndex, groupByEach, type InventoryIndex, indexInventory } from "./inventory.ts";
import { type TextMemo, textMemo } from "./memo.ts";
import {
  type MeteredResource,
  type MeteringOptions,
  meterResources,
  meterSome,
  withMetered,
} from "./metering.ts";
import type { Disk, OperationList, Organization, RecordedOperation, Snapshot, Vm } from "./state.ts";

/** What clients asked for, by what it is looked up by. */
export interface OperationIndex {
  byId: ReadonlyMap<string, RecordedOperation>;
  byList: (list: OperationList, projectId: string) => readonly RecordedOperation[];
  ofProject: (projectId: string) => readonly RecordedOperation[];
  /** Those that wrote in the resource's history. */
  byResource: (resourceId: string) => readonly RecordedOperation[];
}

/** What is derived from an organisation's history. */
export interface Derived {
  readonly inventory: InventoryIndex;
  /** Made when it is first asked for after a change, and then only what changed. */
  readonly metered: readonly MeteredResource[];
  readonly operations: OperationIndex;
  /** VMs that clients made. */
  readonly ordered: ReadonlySet<Vm>;
  /** VMs as the API writes them. */
  readonly vmTexts: TextMemo;
}

/**
 * Derives what requests are answered from, and keeps up with the history: after a write only what it touched is
 * derived anew, so that a large organisation is not paid for with each. Several may follow the same organisation.
 */
export function deriver(organization: Organization, metering: MeteringOptions): () => Derived {
  let following = follow(organization, metering);
  let revision = organization.revision;
  return () => {
    if (revision !== organization.revision) {
      following = follow(organization, metering);
      revision = organization.revision;
    }
    following.catchUp();
    return following.derived;
  };
}

/** Of more than so many it is quicker to meter all of them anew. */
const mostMeteredAnew = 2000;

function follow(organization: Organization, metering: MeteringOptions) {
  const inventory = indexInventory(organization);
  const snapshotById = new Map(organization.snapshots.map((snapshot) => [snapshot.id, snapshot]));
  const seen = {
    vms: organization.vms.length,
    disks: organization.disks.length,
    snapshots: organization.snapshots.length,
    operations: 0,
  };
  const operations = {
    byId: new Map<string, RecordedOperation>(),
    lists: listsBy(),
    projects: listsBy(),
    resources: listsBy(),
  };
  const changed = { vms: new Set<Vm>(), disks: new Set<Disk>(), snapshots: new Set<Snapshot>() };
  const ordered = new Set<Vm>();
  const vmTexts = textMemo();
  let metered: readonly MeteredResource[] | undefined;
  let meteredById: Map<string, MeteredResource[]> | undefined;

  function catchUp(): void {
    for (const vm of organization.vms.slice(seen.vms)) takeVm(vm);
    for (const disk of organization.disks.slice(seen.disks)) takeDisk(disk);
    for (const snapshot of organization.snapshots.slice(seen.snapshots)) {
      snapshotById.set(snapshot.id, snapshot);
      changed.snapshots.add(snapshot);
    }
    for (const operation of organization.operations.slice(seen.operations)) takeOperation(operation);
    seen.vms = organization.vms.length;
    seen.disks = organization.disks.length;
    seen.snapshots = organization.snapshots.length;
    seen.operations = organization.operations.length;
  }

  function takeVm(vm: Vm): void {
    vmTexts.forget();
    inventory.takeVm(vm);
    changed.vms.add(vm);
  }

  function takeDisk(disk: Disk): void {
    vmTexts.forget();
    inventory.takeDisk(disk);
    changed.disks.add(disk);
  }

  function takeOperation(operation: RecordedOperation): void {
    operations.byId.set(operation.id, operation);
    operations.projects.add(operation.projectId, operation);
    operations.lists.add(`${operation.list} ${operation.projectId}`, operation);
    for (const id of operation.touched) {
      operations.resources.add(id, operation);
      touch(id, inventory);
    }
    if (operation.list === "vm" && operation.action === "CREATE") takeOrdered(operation.touched);
  }

  function takeOrdered(ids: readonly string[]): void {
    for (const id of ids) {
      const vm = inventory.vmById.get(id);
      if (vm) ordered.add(vm);
    }
  }

  function touch(id: string, { vmById, diskById }: GrowingIndex): void {
    const [vm, disk, snapshot] = [vmById.get(id), diskById.get(id), snapshotById.get(id)];
    if (vm) takeVm(vm);
    if (disk) takeDisk(disk);
    if (snapshot) changed.snapshots.add(snapshot);
  }

  const derived: Derived = {
    inventory,
    ordered,
    vmTexts,
    operations: {
      byId: operations.byId,
      byList: (list, projectId) => operations.lists.of(`${list} ${projectId}`),
      ofProject: operations.projects.of,
      byResource: operations.resources.of,
    },
    get metered() {
      const [vms, disks, snapshots] = [[...changed.vms], [...changed.disks], [...changed.snapshots]];
      const ids = [...vms, ...disks, ...snapshots].map(({ id }) => id);
      if (!metered || ids.length > mostMeteredAnew) {
        metered = meterResources(organization, metering);
        meteredById = undefined;
      } else if (ids.length > 0) {
        meteredById ??= groupByEach(metered, ({ resourceId }) => [resourceId]);
        const known = meteredById;
        const former = ids.flatMap((id) => known.get(id) ?? []);
        const anew = meterSome(organization, { vms, disks, snapshots }, metering);
        metered = withMetered(metered, former, anew);
        for (const id of ids) known.delete(id);
        for (const resource of anew) {
          known.set(resource.resourceId, [...(known.get(resource.resourceId) ?? []), resource]);
        }
      }
      for (const set of Object.values(changed)) set.clear();
      return metered;
    },
  };
  return { derived, catchUp };
}

function listsBy() {
  const lists = new Map<string, RecordedOperation[]>();
  return {
    of: (key: string): readonly RecordedOperation[] => lists.get(key) ?? [],
    add(key: string, operation: RecordedOperation): void {
      const list = lists.get(key);
      if (list) list.push(operation);
      else lists.set(key, [operation]);
    },
  };
}
