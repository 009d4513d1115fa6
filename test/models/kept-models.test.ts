import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { loadConfig } from "../../src/config.ts";
import type { ModelResult } from "../../src/models/make-models.ts";
import { type Analytics, copyOfBuilt } from "./organization.ts";
import { sampledOrganization } from "./sampled-organization.ts";

// Each build of every model takes seconds on a busy machine.
vi.setConfig({ testTimeout: 300_000 });

/** Something that happens to a workspace between two builds, or a build of some of its models. */
type Event =
  | { kind: "inventory" | "clock" | "name" | "older version" }
  | { kind: "usage" | "budget" | "suppression" | "threshold" | "own model" | "own test"; value: number }
  | { kind: "build"; select: string }
  | { kind: "broken build" }
  | { kind: "lost table"; table: string };

const value = fc.integer({ min: 1, max: 3 });
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ kind: fc.constantFrom("inventory" as const, "clock", "name", "older version") }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("usage" as const, "budget", "suppression", "threshold", "own model", "own test"),
      value,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("build" as const),
      select: fc.constantFrom(
        "dim_vm",
        "int_projects+",
        "+int_findings",
        "int_usage_daily,fct_cost_daily",
        "own",
      ),
    }),
  },
  fc.record({ kind: fc.constant("broken build" as const) }),
  fc.record({
    kind: fc.constant("lost table" as const),
    table: fc.constantFrom("marts.dim_vm", "intermediate.int_projects", "intermediate.int_usage_series"),
  }),
);

/** A model of the user's own that reads tables and settings, and one of what the clock says. */
const ownModel = (value: number) => `/*
description: VMs of a size.
grain: [vm_id]
columns:
  vm_id: The VM.
  size: The size.
*/
select distinct vm_id, ${value} as size
from dim_vm`;

const ownTest = (value: number) => `/*
description: No VM has so many GPUs.
severity: warn
*/
select vm_id from dim_vm where is_current and num_gpu > ${value * 2}`;

test("whatever changed, what a build kept is what a full refresh would have made, and so are the results of tests", async () => {
  let kept = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 7, maxLength: 9 }), async (events) => {
      const analytics = await builtSampled();
      for (const [at, each] of events.entries()) await happen(analytics, each, at);
      const { models } = await analytics.build();
      kept += models.filter(({ mode }) => mode === "kept").length;
      const found = await everything(analytics);
      await analytics.build({ fullRefresh: true });
      const anew = await everything(analytics);
      for (const [table, rows] of Object.entries(anew)) expect(found[table], table).toEqual(rows);
    }),
    { numRuns: 2, endOnFailure: true },
  );
  // Else it would have compared full builds with each other.
  expect(kept).toBeGreaterThan(20);
});

test("with nothing new a build keeps models and their tests, and says so; a change goes no further than it shows", async () => {
  const analytics = await builtSampled();
  // The history of findings goes on by what the first build found.
  await analytics.build();
  const tested = "select max(tested_at)::varchar as at from meta.test where test_name = 'dim_vm.grain'";
  const [before] = await analytics.all(tested);
  analytics.context.effects.now = () => new Date(Date.parse("2026-11-03T06:00:01Z"));
  const { models, tests } = await analytics.build();
  // What tells of the time is made anew, and nothing that rests on what it comes to.
  const made = madeOf(models);
  expect(made).toContain("int_finding_history");
  expect(made).not.toContain("dim_vm");
  expect(made).not.toContain("fct_cost_daily");
  expect(models.length - made.length).toBeGreaterThan(100);
  expect(await analytics.all(tested)).toEqual([before]);
  expect(tests.find(({ name }) => name === "dim_vm.grain")).toMatchObject({ failingRows: 0 });
  await analytics.publish();
  expect(
    await analytics.published(`
      select build_mode, days_rebuilt, row_count > 0 as has_rows, built_at < build.built_at_of_all as is_older
      from meta_model
      cross join (select built_at as built_at_of_all from meta_build) as build
      where model_name = 'dim_vm'`),
  ).toEqual([{ build_mode: "kept", days_rebuilt: 0, has_rows: true, is_older: true }]);

  const madeNow = async () => madeOf((await analytics.build()).models);
  // A suppression is read by the findings alone.
  writeFileSync(
    analytics.context.workspace.csv.suppressions,
    "rule_id,resource_id,until,reason\n,none,,no\n",
  );
  const suppressed = await madeNow();
  expect(suppressed).toContain("int_findings");
  expect(suppressed).not.toContain("int_projects");
  expect(suppressed).not.toContain("fct_inventory");
  // A region that nothing shows is none to what reads the types of VMs.
  await analytics.context.warehouse.run("update raw.vms set _load_id = 'another'");
  const reloaded = await madeNow();
  expect(reloaded).not.toContain("fct_idle_findings");
  // Chance and files are not known by tables: what asks for them is made each time.
  writeOwn(analytics, "sql/marts/own.sql", ownModel(1).replace("1 as size", "random() as size"));
  await madeNow();
  expect(await madeNow()).toContain("own");
});

async function builtSampled(): Promise<Analytics> {
  const organization = sampledOrganization();
  return copyOfBuilt({
    ...organization,
    files: { ...organization.files, "sql/marts/own.sql": ownModel(1), "sql/tests/own_test.sql": ownTest(1) },
  });
}

const madeOf = (models: readonly ModelResult[]) =>
  models.filter(({ mode }) => mode !== "kept").map(({ name }) => name);

function writeOwn({ context }: Analytics, name: string, text: string): void {
  const path = join(context.workspace.root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Every table that models make, and how each test ended. */
async function everything({ all }: Analytics): Promise<Record<string, unknown>> {
  const tables = await all(`
    select schema_name || '.' || table_name as name
    from duckdb_tables()
    where schema_name in ('intermediate', 'marts')
    order by name`);
  const found: Record<string, unknown> = {
    "meta.test": await all("select test_name, status, failing_rows, query from meta.test order by all"),
  };
  for (const { name } of tables) found[String(name)] = await all(`select * from ${name} order by all`);
  return found;
}

async function happen(analytics: Analytics, event: Event, at: number): Promise<void> {
  const { context } = analytics;
  const { warehouse, workspace, effects } = context;
  const now = `2026-11-03 06:0${at}:00`;
  switch (event.kind) {
    case "inventory":
      await warehouse.run(
        `update raw.vms set _valid_to = timestamp '${now}'
         where _valid_to is null and id = (select min(id) from raw.vms where _valid_to is null)`,
      );
      return;
    case "name":
      await warehouse.run("update raw.projects set name = name || '!'");
      return;
    case "clock": {
      const later = new Date(effects.now().getTime() + 7 * 3_600_000);
      effects.now = () => later;
      return;
    }
    case "older version":
      // As a version that knew nothing of it leaves what it made.
      await warehouse.run(
        "update meta.model set made_of = null; alter table meta.model drop column if exists content",
      );
      return;
    case "usage":
      await analytics.insert("usage", [
        {
          project_id: "fleet",
          usage_date: `2026-10-0${event.value}`,
          resource_type: "h100.8x",
          billable_metric: "gpu-hours",
          reservation_id: `later-${at}`,
          quantity: event.value,
          _known_from: now,
        },
      ]);
      return;
    case "budget":
      writeFileSync(
        workspace.csv.budgets,
        `cost_centre,month,amount,currency\n,2026-11,${event.value}00,USD\n`,
      );
      return;
    case "suppression":
      writeFileSync(
        workspace.csv.suppressions,
        `rule_id,resource_id,until,reason\n,,2026-11-0${event.value + 2},known\n`,
      );
      return;
    case "threshold":
      writeFileSync(workspace.tallyToml, `[idle.unattached_disk]\nmin_days = ${event.value * 3}\n`);
      context.config = loadConfig(effects, workspace.tallyToml);
      return;
    case "own model":
      writeOwn(analytics, "sql/marts/own.sql", ownModel(event.value));
      return;
    case "own test":
      writeOwn(analytics, "sql/tests/own_test.sql", ownTest(event.value));
      return;
    case "build":
      // A table that was lost is missed by a build that does not make it.
      await analytics.build({ select: event.select }).catch((error: unknown) => {
        if (!String(error).includes("does not exist")) throw error;
      });
      return;
    case "broken build":
      writeOwn(
        analytics,
        "sql/intermediate/own_break.sql",
        ownModel(1).replace("1 as size", "nothing() as size"),
      );
      await expect(analytics.build()).rejects.toThrow("nothing");
      rmSync(join(workspace.root, "sql/intermediate/own_break.sql"));
      return;
    case "lost table":
      await warehouse.run(`drop table if exists ${event.table}`);
      return;
  }
}
