import { afterEach, expect, test } from "vitest";
import { isDue } from "../../src/ingest/due.ts";
import { streams } from "../../src/ingest/streams.ts";
import { unitOf } from "../../src/ingest/units.ts";
import { type ContractServer, startContractServer } from "./contract-server.ts";
import { type Setup, setUp, smallAccount } from "./ingest-setup.ts";

let server: ContractServer;
let setup: Setup;

afterEach(async () => {
  await setup?.close();
  await server?.close();
});

const dayAfter = (day: string, days: number) =>
  new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10);

/** An account that has everything, each list of it empty where nothing else is said. */
async function start(projects: number): Promise<void> {
  const account = smallAccount();
  account.projects = Array.from({ length: projects }, (_, index) => ({
    id: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
    name: `project ${index}`,
    organization: "org-1",
  }));
  const ids = account.projects.map(({ id }) => id);
  const [row] = account.usage;
  account.usage = row ? ids.map((project) => ({ ...row, project, date: "2026-11-01" })) : [];
  account.vms = Object.fromEntries(ids.map((id) => [id, [{ id: `vm of ${id}` }]]));
  account.disks = {};
  account.snapshots = Object.fromEntries(ids.map((id) => [id, []]));
  account.options = { start: "2026-10-01", end: "2026-11-10" };
  account.reservations = [];
  server = await startContractServer(account);
  server.fault = ({ path }) => {
    if (path === "/users/identities")
      return { status: 200, body: '{"identity":{"id":"user-1","role":"user"}}' };
    if (path.endsWith("/timeseries"))
      return { status: 200, body: '{"status":"success","data":{"result":[]}}' };
    if (
      /\/(networking|operations|instance-|custom-images)/.test(path) ||
      /^\/(users|capacities|compute)/.test(path)
    ) {
      return { status: 200, body: '{"items":[]}' };
    }
    return /billing|gpu-tracking/.test(path) ? { status: 200, body: '{"data":[]}' } : undefined;
  };
  setup = await setUp({ endpoint: server.endpoint });
}

test("a night of fifty projects asks for less than 400 answers, on each night of a week", async () => {
  await start(50);
  const first = "2026-11-24";
  const nights: number[] = [];
  const asked = new Map<string, number>();
  for (let night = 0; night < 8; night++) {
    setup.at(`${dayAfter(first, night)}T06:00:00Z`);
    const before = server.seen.length;
    expect((await setup.run()).failures).toEqual([]);
    nights.push(server.seen.length - before);
    if (night === 0) continue;
    for (const { path } of server.seen.slice(before)) asked.set(path, (asked.get(path) ?? 0) + 1);
  }
  expect(Math.max(...nights.slice(1))).toBeLessThan(400);
  // And nothing is forgotten: every list of every project was read in that week, the core each night.
  const pathOf = (stream: string, projectId: string) =>
    unitOf(stream, { account: null, organizationId: "org-1", projectId }).path;
  for (const { id } of server.account.projects) {
    for (const { name, cadence } of streams.filter(({ scope }) => scope === "project")) {
      expect(asked.get(pathOf(name, id)), `${name} of ${id}`).toBe(cadence === "weekly" ? 1 : 7);
    }
  }
}, 300_000);

test("what is read weekly is due on one day of the week, after nights missed, and after a failure", () => {
  const unit = unitOf("networks", { account: null, organizationId: "o", projectId: "p" });
  const week = Array.from({ length: 7 }, (_, index) => dayAfter("2026-11-02", index));
  expect(isDue(unit, null, "2026-11-02")).toBe(true);
  const read = { answeredOn: "2026-11-01", status: "complete" };
  const due = week.map((day) => isDue(unit, read, day));
  // From its day on it stays due until it is read.
  const turn = due.indexOf(true);
  expect(due).toEqual(week.map((_, index) => index >= turn));
  expect(
    isDue(unit, { answeredOn: week[turn] ?? "", status: "complete" }, dayAfter(week[turn] ?? "", 6)),
  ).toBe(false);
  expect(
    isDue(unit, { answeredOn: week[turn] ?? "", status: "complete" }, dayAfter(week[turn] ?? "", 7)),
  ).toBe(true);
  expect(isDue(unit, { answeredOn: week[turn] ?? "", status: "failed" }, dayAfter(week[turn] ?? "", 1))).toBe(
    true,
  );
  const turns = new Set(
    Array.from({ length: 200 }, (_, index) => {
      const other = unitOf("networks", { account: null, organizationId: "o", projectId: `p-${index}` });
      return week.findIndex((day) => isDue(other, read, day));
    }),
  );
  expect(turns.size).toBe(7);
});

test("two hundred projects are read and loaded in a few seconds", async () => {
  await start(200);
  const startedAt = performance.now();
  const summary = await setup.run({ streams: ["vms", "disks", "snapshots"] });
  expect(summary.failures).toEqual([]);
  expect(await setup.all("select count(*)::int as vms from raw.vms")).toEqual([{ vms: 200 }]);
  // Five where the machine does nothing else.
  expect(performance.now() - startedAt).toBeLessThan(15_000);
}, 60_000);
