import fc from "fast-check";
import { expect, it } from "vitest";
import { disks, type Real, vms } from "./life/asking.ts";
import { commands } from "./life/commands.ts";
import { found } from "./life/founding.ts";
import { holdersAt, type Model, newModel, stepAt } from "./life/model.ts";
import { end, organizationId } from "./life/rules.ts";
import { usageOf } from "./life/sums.ts";
import { get, getItems, type Item, plainCsv } from "./signed-client.ts";

async function everyVm(endpoint: string): Promise<Item[]> {
  return getItems(endpoint, vms, { limit: "100" });
}

async function expectInventory(model: Model, { endpoint }: Real): Promise<void> {
  const listed = (await everyVm(endpoint)).map((vm) => ({
    ...{ id: vm.id, name: vm.name, type: vm.type, state: vm.state, reservation: vm.reservation_id },
    disks: (vm.disks as Item[]).map(({ name, size, mode }) => `${name} ${size} ${mode}`).sort(),
  }));
  const sizeText = (gib: number) => `${gib}GiB`;
  const expected = model.vms.flatMap((vm) => {
    const step = stepAt(vm, model.now);
    if (!step) return [];
    const held = model.disks.flatMap((disk) => {
      const hold = holdersAt(disk, model.now).find((one) => one.vm === vm);
      const gib = disk.sizes.findLast(({ at }) => at <= model.now)?.gib ?? 0;
      return hold ? [`${disk.name} ${sizeText(gib)} ${hold.mode}`] : [];
    });
    return [
      {
        ...{ id: vm.id, name: vm.name, type: step.type, reservation: step.reservation },
        state: step.runs ? "STATE_RUNNING" : "STATE_SHUTOFF",
        disks: held.sort(),
      },
    ];
  });
  const byName = (a: { name: unknown }, b: { name: unknown }) => (String(a.name) < String(b.name) ? -1 : 1);
  expect(listed.sort(byName)).toEqual(expected.sort(byName));
  const diskNames = (await getItems(endpoint, disks)).map(({ name }) => String(name));
  const there = model.disks.filter(
    ({ bornAt, goneAt }) => bornAt <= model.now && (goneAt === null || goneAt > model.now),
  );
  expect(diskNames.sort()).toEqual(there.map(({ name }) => name).sort());
}

async function expectOperations(model: Model, { endpoint }: Real): Promise<void> {
  const listed = [
    ...(await getItems(endpoint, `${vms}/operations`)),
    ...(await getItems(endpoint, `${disks}/operations`)),
  ];
  const byId = new Map(listed.map((one) => [one.operation_id, one]));
  const told = model.operations.map(({ id }) => {
    const { state, completed_at } = byId.get(id) ?? {};
    return { id, state, completedAt: Date.parse(String(completed_at)) / 1000 };
  });
  expect(told).toEqual(model.operations);
}

/** Each row is some resource's life, to the second, and no life is without its rows. */
async function expectUsage(model: Model, { endpoint }: Real): Promise<void> {
  const about = {
    projects: "",
    resources: "",
    resource_types: "",
    regions: "",
    start_date: "2026-01-01",
    end_date: "2026-12-31",
  };
  const rows = plainCsv((await get(endpoint, `/organizations/${organizationId}/usage/export`, about)).text);
  const vmIds = new Set(model.vms.map(({ id }) => id));
  const sum = (into: Map<string, number>, key: string, seconds: number) =>
    into.set(key, (into.get(key) ?? 0) + seconds);
  const metered = new Map<string, number>();
  for (const row of rows) {
    const id = String(row.resource_id);
    const seconds = Number(row.quantity) * 3600;
    expect(Math.abs(seconds - Math.round(seconds))).toBeLessThan(1e-5);
    const who = vmIds.has(id) ? id : `disk ${row.resource_name}`;
    sum(metered, [row.usage_date, who, row.resource_type, row.reservation_id].join(" "), Math.round(seconds));
  }
  const expected = new Map<string, number>();
  for (const [key, seconds] of usageOf(model, (name) => `disk ${name}`)) sum(expected, key, seconds);
  const sorted = (map: Map<string, number>) => [...map].filter(([, n]) => n > 0).sort();
  expect(sorted(metered)).toEqual(sorted(expected));
}

it("a year of anything that clients may do is answered, listed and metered to the second as the rules alone would have it", async () => {
  const defects: unknown[] = [];
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 120, size: "max" }), async (todo) => {
      const { gateway, real } = await found(defects);
      try {
        const model = newModel();
        await fc.asyncModelRun(() => ({ model, real }), todo);
        await expectInventory(model, real);
        real.advance(end - model.now);
        model.now = end;
        await expectInventory(model, real);
        await expectOperations(model, real);
        await expectUsage(model, real);
      } finally {
        await gateway.close();
      }
    }),
    { numRuns: 15 },
  );
  expect(defects).toEqual([]);
}, 120_000);
