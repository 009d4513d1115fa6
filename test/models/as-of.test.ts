import { readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { UsageError } from "../../src/errors/usage-error.ts";
import { buildAsOf } from "../../src/models/as-of.ts";
import { openReadOnly, type Row } from "../../src/warehouse.ts";
import { type Analytics, openOrganization } from "./organization.ts";
import type { RawRow } from "./raw-tables.ts";

// Each build of a new warehouse takes about a second on a busy machine, and some tests do many.
vi.setConfig({ testTimeout: 240_000 });

const settings = { memoryLimit: "256MB", threads: 1 };

/** Every public table of a published file but those that tell of the build itself, row by row. */
async function tablesOf(path: string): Promise<Record<string, Row[]>> {
  const reader = await openReadOnly(path, settings);
  try {
    const names = await reader.all<{ name: string }>(
      "select table_name as name from duckdb_tables() where table_name not like 'meta\\_%' escape '\\' order by 1",
    );
    const tables: Record<string, Row[]> = {};
    for (const { name } of names) tables[name] = await reader.all(`select * from ${name}`);
    tables.meta_build = await reader.all("select * exclude (as_of) from meta_build");
    return tables;
  } finally {
    reader.close();
  }
}

async function publishedAsOf(analytics: Analytics, instant: string): Promise<Record<string, Row[]>> {
  const { analytics: path } = await buildAsOf(analytics.context, new Date(instant));
  return tablesOf(path);
}

const instantOf = (night: number) => new Date(Date.UTC(2026, 9, 20 + night, 3, 0, 0));
const textOf = (instant: Date) => instant.toISOString().replace("T", " ").replace("Z", "");

/** What one night found: usage of the days before, which of the resources were there and how they stood. */
interface Night {
  /** By project and days ago, the quantity; what is left out has no usage. */
  usage: readonly { project: number; daysAgo: number; quantity: number }[];
  /** By VM, its state; a VM that is left out is gone. */
  vms: readonly { vm: number; state: "RUNNING" | "STATE_SHUTOFF"; name: string }[];
  disks: readonly { disk: number; holder: number | null }[];
  projects: readonly { project: number; name: string }[];
  /** Whether usage could be read that night. */
  usageStatus: "complete" | "failed" | "partial";
  areVmsRead: boolean;
}

const night: fc.Arbitrary<Night> = fc.record({
  usage: fc.uniqueArray(
    fc.record({
      project: fc.integer({ min: 0, max: 2 }),
      daysAgo: fc.integer({ min: 0, max: 3 }),
      quantity: fc.integer({ min: 0, max: 9 }),
    }),
    { maxLength: 8, selector: ({ project, daysAgo }) => `${project}/${daysAgo}` },
  ),
  vms: fc.uniqueArray(
    fc.record({
      vm: fc.integer({ min: 0, max: 2 }),
      state: fc.constantFrom("RUNNING" as const, "STATE_SHUTOFF" as const),
      name: fc.constantFrom("a", "b"),
    }),
    { maxLength: 3, selector: ({ vm }) => vm },
  ),
  disks: fc.uniqueArray(
    fc.record({ disk: fc.integer({ min: 0, max: 2 }), holder: fc.constantFrom(null, 0, 1) }),
    { maxLength: 3, selector: ({ disk }) => disk },
  ),
  projects: fc.uniqueArray(
    fc.record({ project: fc.integer({ min: 0, max: 2 }), name: fc.constantFrom("Training", "Inference") }),
    { maxLength: 3, selector: ({ project }) => project },
  ),
  usageStatus: fc.constantFrom(
    "complete" as const,
    "complete" as const,
    "failed" as const,
    "partial" as const,
  ),
  areVmsRead: fc.boolean(),
});

/** The raw tables after some nights, kept as history in the plainest way: what a night finds replaces what was. */
function rawAfter(nights: readonly Night[]) {
  const closed: Record<string, RawRow[]> = { usage: [], vms: [], disks: [], projects: [] };
  const open: Record<string, Map<string, RawRow>> = {
    usage: new Map(),
    vms: new Map(),
    disks: new Map(),
    projects: new Map(),
  };
  const reads: RawRow[] = [];
  const replace = (
    table: string,
    at: Date,
    names: { from: string; to: string },
    found: Map<string, RawRow>,
    isCovered: (row: RawRow) => boolean,
  ) => {
    const known = open[table] ?? new Map<string, RawRow>();
    for (const [key, row] of known) {
      const { [names.from]: _, ...was } = row;
      const now = found.get(key);
      if (!isCovered(row) || (now && JSON.stringify(now) === JSON.stringify(was))) continue;
      closed[table]?.push({ ...row, [names.to]: textOf(at) });
      known.delete(key);
    }
    for (const [key, row] of found) {
      if (!known.has(key)) known.set(key, { ...row, [names.from]: textOf(at) });
    }
  };
  const inventory = { from: "_valid_from", to: "_valid_to" };
  for (const [index, found] of nights.entries()) {
    const at = instantOf(index);
    const dayAgo = (days: number) => new Date(at.getTime() - days * 86_400_000).toISOString().slice(0, 10);
    const window = { window_from: dayAgo(3), window_to: dayAgo(0) };
    const attempted_at = textOf(at);
    for (const project of [0, 1, 2]) {
      reads.push({
        stream: "usage",
        project_id: `p${project}`,
        ...window,
        attempted_at,
        status: found.usageStatus,
      });
    }
    if (found.usageStatus !== "failed") {
      const rows = found.usage.map(({ project, daysAgo, quantity }): [string, RawRow] => [
        `${project}/${dayAgo(daysAgo)}`,
        {
          project_id: `p${project}`,
          usage_date: dayAgo(daysAgo),
          resource_type: "h100-80gb-sxm-ib.8x",
          billable_metric: "gpu-hours",
          quantity: `${quantity}.5`,
        },
      ]);
      const known = { from: "_known_from", to: "_known_to" };
      replace("usage", at, known, new Map(rows), (row) => String(row.usage_date) >= window.window_from);
    }
    const projects = found.projects.map(({ project, name }): [string, RawRow] => [
      `${project}`,
      { id: `p${project}`, name },
    ]);
    replace("projects", at, inventory, new Map(projects), () => true);
    reads.push({ stream: "projects", attempted_at, status: "complete" });
    for (const stream of ["vms", "disks"]) {
      reads.push({
        stream,
        project_id: "p0",
        attempted_at,
        status: found.areVmsRead ? "complete" : "failed",
      });
    }
    if (!found.areVmsRead) continue;
    const vms = found.vms.map(({ vm, state, name }): [string, RawRow] => [
      `${vm}`,
      {
        project_id: "p0",
        id: `vm${vm}`,
        name,
        state,
        type: "h100-80gb-sxm-ib.8x",
        location: "us-east1-a",
        disks: [],
      },
    ]);
    replace("vms", at, inventory, new Map(vms), () => true);
    const disks = found.disks.map(({ disk, holder }): [string, RawRow] => [
      `${disk}`,
      {
        project_id: "p0",
        id: `disk${disk}`,
        size: "100GiB",
        type: "persistent-ssd",
        location: "us-east1-a",
        attached_to: holder === null ? [] : [{ vm_id: `vm${holder}` }],
      },
    ]);
    replace("disks", at, inventory, new Map(disks), () => true);
  }
  const rowsOf = (table: string) => [...(closed[table] ?? []), ...(open[table]?.values() ?? [])];
  return {
    usage: rowsOf("usage"),
    vms: rowsOf("vms"),
    disks: rowsOf("disks"),
    projects: rowsOf("projects"),
    read_windows: reads,
  };
}

test("a build as of an instant equals the one that a run at that instant had made", async () => {
  const files = {
    "prices.csv": "billable_metric,unit_price\ngpu-hours,2.5\ngib-hours,0.001\n",
    "tally.toml":
      "[idle]\nunattached_disk.min_days = 1\nstopped_vm_with_disks.min_days = 1\ngpu_vm_without_usage.min_days = 1\n",
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(night, { minLength: 2, maxLength: 6 }),
      fc.nat(),
      fc.integer({ min: 0, max: 86_399_999 }),
      async (nights, at, laterMs) => {
        const upTo = at % nights.length;
        // In the very instant of a reading, or at any time before the next.
        const instant = new Date(instantOf(upTo).getTime() + (at % 2 === 0 ? 0 : laterMs));
        const then = await openOrganization({
          now: instant.toISOString(),
          rows: rawAfter(nights.slice(0, upTo + 1)),
          files,
        });
        await then.build();
        await then.publish();
        const now = await openOrganization({ now: "2026-11-03T06:00:00Z", rows: rawAfter(nights), files });
        expect(await publishedAsOf(now, instant.toISOString())).toEqual(
          await tablesOf(then.context.workspace.analytics),
        );
      },
    ),
    { numRuns: 8 },
  );
});

const restated = {
  rows: {
    usage: [
      { quantity: "10", _known_from: "2026-11-01 03:00:00", _known_to: "2026-11-02 03:00:00" },
      { quantity: "12", _known_from: "2026-11-02 03:00:00" },
    ].map((row) => ({
      usage_date: "2026-10-31",
      resource_type: "h100-80gb-sxm-ib.8x",
      billable_metric: "gpu-hours",
      ...row,
    })),
    read_windows: ["2026-11-01 03:00:00", "2026-11-02 03:00:00"].map((attempted_at) => ({
      project_id: "alpha",
      stream: "usage",
      window_from: "2026-10-31",
      window_to: "2026-10-31",
      attempted_at,
    })),
  },
};

test("what was known is published beside what is known, which stays as it was, and says as of when it is", async () => {
  const analytics = await openOrganization(restated);
  await analytics.build();
  await analytics.publish();
  const hours = "select quantity::integer as quantity from fct_usage_daily";
  const { analytics: path } = await buildAsOf(analytics.context, new Date("2026-11-02T02:59:59.999Z"));
  expect(basename(path)).toBe("analytics@2026-11-02T025959.999Z.duckdb");
  const reader = await openReadOnly(path, settings);
  expect(await reader.all(hours)).toEqual([{ quantity: 10 }]);
  expect(await reader.all("select built_at, today, as_of from meta_build")).toEqual([
    { built_at: "2026-11-02 02:59:59.999", today: "2026-11-02", as_of: "2026-11-02 02:59:59.999" },
  ]);
  expect(await reader.all("select revision, known_to from fct_usage_revisions")).toEqual([
    { revision: 1, known_to: null },
  ]);
  reader.close();
  expect(await analytics.published(hours)).toEqual([{ quantity: 12 }]);
  expect(await analytics.published("select as_of from meta_build")).toEqual([{ as_of: null }]);
  // The warehouse's own tables are those of now, and nothing but the two files was left.
  expect(await analytics.all("select quantity::integer as quantity from marts.fct_usage_daily")).toEqual([
    { quantity: 12 },
  ]);
  const { analytics: current } = analytics.context.workspace;
  expect(
    readdirSync(dirname(current))
      .filter((name) => !name.startsWith("warehouse.duckdb"))
      .sort(),
  ).toEqual(["analytics.duckdb", basename(path)]);
});

test("the value that was read in an instant is known in it", async () => {
  const analytics = await openOrganization(restated);
  const { fct_usage_daily: rows } = await publishedAsOf(analytics, "2026-11-02T03:00:00Z");
  expect(rows?.map(({ quantity }) => quantity)).toEqual(["12.000000000000"]);
});

test("a user's own model sees what was known, and nothing of later", async () => {
  const analytics = await openOrganization({
    ...restated,
    files: {
      "sql/marts/own_attempts.sql": `/*
description: How often usage was read.
grain: [attempts]
columns:
  attempts: How often.
*/
select count(*) as attempts from raw.read_windows`,
    },
  });
  const { own_attempts } = await publishedAsOf(analytics, "2026-11-01T12:00:00Z");
  expect(own_attempts).toEqual([{ attempts: "1" }]);
});

test("an instant before the first reading, or after now, is refused with the one that can be had", async () => {
  const analytics = await openOrganization(restated);
  const before = await publishedAsOf(analytics, "2026-11-01T02:00:00Z").catch((reason: unknown) => reason);
  expect(before).toBeInstanceOf(UsageError);
  expect(String(before)).toContain("the first reading was at 2026-11-01T03:00:00.000Z");
  const after = await publishedAsOf(analytics, "2026-11-04T00:00:00Z").catch((reason: unknown) => reason);
  expect(after).toBeInstanceOf(UsageError);
  expect((after as UsageError).hint).toContain("2026-11-03T06:00:00.000Z");
});
