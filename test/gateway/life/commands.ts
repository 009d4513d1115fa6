import fc from "fast-check";
import { getItems } from "../signed-client.ts";
import {
  command,
  disks,
  hold,
  learnIds,
  onDisk,
  onVm,
  project,
  type Real,
  recent,
  sshKey,
  vms,
} from "./asking.ts";
import { attach, createDisk, deleteDisk, detach, growDisk } from "./disk-rules.ts";
import type { Model } from "./model.ts";
import { end, h100, largeL40s, location, smallL40s } from "./rules.ts";
import { type Action, createVm, createVms, deleteVm, patchVm, scale } from "./vm-rules.ts";

const index = fc.nat(11);

const create = fc
  .record({
    name: fc.constantFrom("ada", "bob", "cy", "dee", "eve", "fay"),
    type: fc.constantFrom(h100, h100, smallL40s, smallL40s, "c1a.4x"),
    wish: fc.constantFrom<(string | undefined)[]>(undefined, undefined, "", "res-cheap", "res-dear"),
  })
  .map(({ name, type, wish }) =>
    command(`create ${name} of ${type} on ${wish ?? "the cheapest"}`, async (model, real) => {
      const body = {
        name,
        type,
        location,
        ssh_public_key: sshKey,
        ...(wish !== undefined && { reservation_specification: { id: wish } }),
      };
      await hold(model, real, ["POST", vms, body], createVm(model, name, type, wish));
    }),
  );

const bulk = fc.integer({ min: 1, max: 3 }).map((count) =>
  command(`create ${count} at once`, async (model, real) => {
    const body = { count, name_prefix: "batch", instance_template_id: real.templateId };
    const expected = createVms(model, count);
    const path = `${project}/compute/vms/bulk-instances`;
    const made = expected.vms ?? [];
    // The operation's own id is none of theirs.
    await hold(model, real, ["POST", path, body], { ...expected, vms: [] });
    if (made.length === 0) return;
    // Nothing else happens until they are there.
    pass(model, real, 90);
    for (const vm of made) {
      const [listed] = await getItems(real.endpoint, vms, { names: vm.name });
      vm.id = String(listed?.id);
    }
  }),
);

const group = fc.nat(3).map((count) =>
  command(`keep a group of ${count}`, async (model, real) => {
    const path = `${project}/compute/instance-groups/${real.groupId}`;
    const expected = scale(model, count);
    await hold(model, real, ["PATCH", path, { desired_count: { value: count } }], {
      ...expected,
      vms: [],
    });
    if (expected.vms) await learnIds(real, expected.vms);
  }),
);

const patch = fc
  .record({
    index,
    action: fc.constantFrom<Action[]>(
      "START",
      "START",
      "STOP",
      "STOP",
      "STOP",
      "RESET",
      "RESERVE",
      "UNRESERVE",
    ),
    what: fc.constantFrom("res-cheap", "res-dear"),
  })
  .map(({ index, action, what }) =>
    onVm(`${action} ${action === "RESERVE" ? what : ""}`, index, (model, real, vm) =>
      hold(
        model,
        real,
        ["PATCH", `${vms}/${vm.id}`, { action, ...(action === "RESERVE" && { reservation_id: what }) }],
        patchVm(model, vm, action, what),
      ),
    ),
  );

const retype = fc
  .record({ index, type: fc.constantFrom(smallL40s, largeL40s) })
  .map(({ index, type }) =>
    onVm(`make a ${type}`, index, (model, real, vm) =>
      hold(
        model,
        real,
        ["PATCH", `${vms}/${vm.id}`, { action: "UPDATE", type }],
        patchVm(model, vm, "UPDATE", type),
      ),
    ),
  );

const remove = index.map((index) =>
  onVm("deletion", index, (model, real, vm) =>
    hold(model, real, ["DELETE", `${vms}/${vm.id}`], deleteVm(model, vm)),
  ),
);

const hang = fc
  .record({ index, other: index, mode: fc.constantFrom("read-only", "read-write"), on: fc.boolean() })
  .map(({ index, other, mode, on }) =>
    onDisk(on ? `attaching ${mode}` : "detaching", index, async (model, real, disk, id) => {
      const vm = recent(
        model,
        model.vms.filter((one) => one.id !== ""),
        other,
      );
      if (!vm) return;
      if (on) {
        const body = { attach_disks: [{ disk_id: id, mode, attachment_type: "data" }] };
        await hold(
          model,
          real,
          ["POST", `${vms}/${vm.id}/attach-disks`, body],
          attach(model, vm, disk, mode),
        );
      } else {
        const body = { detach_disks: [id] };
        await hold(model, real, ["POST", `${vms}/${vm.id}/detach-disks`, body], detach(model, vm, disk));
      }
    }),
  );

const newDisk = fc
  .record({
    name: fc.constantFrom("data", "logs", "models"),
    type: fc.constantFrom("persistent-ssd", "shared-volume"),
    gib: fc.constantFrom(10, 200, 500),
  })
  .map(({ name, type, gib }) =>
    command(`create disk ${name} of ${gib} GiB`, async (model, real) => {
      const body = { name, type, location, size: `${gib}GiB` };
      await hold(model, real, ["POST", disks, body], createDisk(model, name, type, gib));
    }),
  );

const changedDisk = fc
  .record({ index, gib: fc.constantFrom(200, 500, 800), grows: fc.boolean() })
  .map(({ index, gib, grows }) =>
    onDisk(grows ? `growing to ${gib} GiB` : "deletion", index, (model, real, disk, id) =>
      grows
        ? hold(model, real, ["PATCH", `${disks}/${id}`, { size: `${gib}GiB` }], growDisk(model, disk, gib))
        : hold(model, real, ["DELETE", `${disks}/${id}`], deleteDisk(model, disk)),
    ),
  );

function pass(model: Model, real: Real, seconds: number): void {
  real.advance(seconds);
  model.now += seconds;
}

const wait = fc
  .oneof(fc.integer({ min: 1, max: 130 }), fc.integer({ min: 3600, max: 20 * 86_400 }))
  .map((seconds) =>
    command(`${seconds} seconds`, async (model, real) => {
      // Time stands before the year is over: what is decided in its last minutes must come about in it.
      if (model.now + seconds < end - 3600) pass(model, real, seconds);
    }),
  );

/** What may happen in a year, time passing about as often as something is done. */
export const commands = [
  create,
  create,
  bulk,
  group,
  patch,
  patch,
  patch,
  retype,
  remove,
  hang,
  hang,
  newDisk,
  changedDisk,
  wait,
  wait,
  wait,
  wait,
];
