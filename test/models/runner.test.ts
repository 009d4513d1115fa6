import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { ConfigError } from "../../src/errors/config-error.ts";
import { TallyError } from "../../src/errors/tally-error.ts";
import { UsageError } from "../../src/errors/usage-error.ts";
import { openModelConnection } from "../../src/models/context.ts";
import { createGraph } from "../../src/models/graph.ts";
import { loadProject } from "../../src/models/project.ts";
import { readSelect } from "../../src/models/references.ts";
import { selectModels } from "../../src/models/selection.ts";
import { openWarehouse } from "../../src/warehouse.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { openOrganization } from "./organization.ts";

// Each build of a new warehouse takes about a second on a busy machine, and some tests do many.
vi.setConfig({ testTimeout: 120_000 });

const head = (columns = "a") =>
  `/*\ndescription: A model of a test.\ngrain: [a]\ncolumns:\n${columns
    .split(",")
    .map((name) => `  ${name}: What ${name} is.`)
    .join("\n")}\n*/\n`;
/** Lines of a header with one column; line n of the SELECT is n lines further. */
const headLines = 6;

async function openConnection() {
  const warehouse = await openWarehouse(join(temporaryFolder(), "test.duckdb"), {
    memoryLimit: "256MB",
    threads: 1,
  });
  onTestFinished(() => warehouse.close());
  await warehouse.run("create schema raw; create table raw.usage (a integer)");
  const connection = await openModelConnection(warehouse);
  onTestFinished(() => connection.close());
  return connection;
}

async function graphOf(files: Record<string, string>) {
  const root = join(temporaryFolder(), "sql");
  for (const [name, sql] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, head() + sql);
  }
  const { models } = await loadProject([root]);
  return createGraph(await openConnection(), models);
}

const rejection = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TallyError);
  return error as TallyError;
};

test("models are ordered by what they read, wherever in the query that stands", async () => {
  const { order, reads } = await graphOf({
    "marts/a_top.sql":
      "select a from b_left union all select a from c_right where a in (select a from d_sub)",
    "marts/b_left.sql": "select (select max(a) from e_base) as a",
    "intermediate/c_right.sql": "with rows as (select a from (select a from d_sub)) select a from rows",
    "intermediate/d_sub.sql": "select d.a from e_base as d join lateral (select d.a) as x on true",
    "staging/e_base.sql": "select a from raw.usage",
  });
  const names = order.map(({ name }) => name);
  expect(names).toEqual(["e_base", "b_left", "d_sub", "c_right", "a_top"]);
  expect([...(reads.get("a_top") ?? [])].sort()).toEqual(["b_left", "c_right", "d_sub"]);
});

test("the name of a CTE is no table, except where the CTE itself reads a table of that name", async () => {
  const connection = await openConnection();
  const tables = async (sql: string) =>
    (await readSelect(connection, sql, "x.sql")).tables.map(({ name }) => name);
  expect(await tables("with a as (select 1 as x) select x from a")).toEqual([]);
  expect(await tables("with a as (select x from a) select x from a")).toEqual(["a"]);
  expect(await tables("with a as (select 1 as x), b as (select x from A) select x from b")).toEqual([]);
  expect(await tables("with b as (select x from a), a as (select 1 as x) select x from b, a")).toEqual(["a"]);
  expect(
    await tables("select x from (with a as (select 1 as x) select x from a) union all select x from a"),
  ).toEqual(["a"]);
  expect(
    await tables(
      "with recursive a as (select 1 as x union all select x + 1 from a where x < 3) select x from a",
    ),
  ).toEqual([]);
  expect(await tables("with a as (select 1 as x) select x from marts.a")).toEqual(["a"]);
  expect(
    await tables(
      "with a as (select 1 as x) select x from a where exists (select 1 from a as b, c where b.x = c.x)",
    ),
  ).toEqual(["c"]);
});

test("a table that is neither model nor source is named with file and line, and the nearest names", async () => {
  const error = await rejection(
    graphOf({
      "staging/stg_usage.sql": "select a from raw.usage",
      "marts/fct.sql": "-- ünïcode before it: bytes are not characters\nselect a\nfrom stg_usag",
    }),
  );
  expect(error.message).toBe(`sql/marts/fct.sql:${headLines + 3}: there is no model stg_usag.`);
  expect(error.hint).toContain("stg_usage");
});

test("a raw table that was never read says to read it, and any other schema is no source", async () => {
  const missing = await rejection(graphOf({ "marts/fct.sql": "select a\nfrom raw.vms" }));
  expect(missing.message).toContain(
    `sql/marts/fct.sql:${headLines + 2}: the warehouse has no table raw.vms.`,
  );
  expect(missing.hint).toContain("tally ingest");
  const unknown = await rejection(graphOf({ "marts/fct.sql": "select a from elsewhere.t" }));
  expect(unknown.message).toContain("elsewhere.t");
  const wrongLayer = await rejection(
    graphOf({ "staging/stg.sql": "select a from raw.usage", "marts/fct.sql": "select a from marts.stg" }),
  );
  expect(wrongLayer.message).toContain("there is no model marts.stg");
});

test("a circle of models is named with its path, file and line", async () => {
  const error = await rejection(
    graphOf({
      "marts/one.sql": "select a\nfrom two",
      "marts/two.sql": "select a from three",
      "marts/three.sql": "select a from one",
    }),
  );
  expect(error).toBeInstanceOf(ConfigError);
  expect(error.message).toBe(
    `sql/marts/one.sql:${headLines + 2}: models read each other in a circle: one reads two reads three reads one.`,
  );
  const itself = await rejection(graphOf({ "marts/one.sql": "select a from one" }));
  expect(itself.message).toContain("one reads one");
});

test("what is no SELECT, or more than one, is named with file and line", async () => {
  expect(
    (await rejection(graphOf({ "marts/x.sql": "select a\nfrom raw.usage\nwher a = 1" }))).message,
  ).toMatch(new RegExp(`^sql/marts/x.sql:${headLines + 3}: syntax error`));
  expect((await rejection(graphOf({ "marts/x.sql": "drop table raw.usage" }))).message).toContain(
    "sql/marts/x.sql:",
  );
  expect((await rejection(graphOf({ "marts/x.sql": "select 1 as a; select 2 as a" }))).message).toContain(
    "has 2",
  );
});

test("a selection takes a model, what it rests on, and what rests on it", async () => {
  const graph = await graphOf({
    "staging/s.sql": "select a from raw.usage",
    "intermediate/i.sql": "select a from s",
    "marts/m.sql": "select a from i",
    "marts/n.sql": "select a from s",
  });
  const select = (selection: string) => selectModels(graph, selection).map(({ name }) => name);
  expect(select("i")).toEqual(["i"]);
  expect(select("i+")).toEqual(["i", "m"]);
  expect(select("+m")).toEqual(["s", "i", "m"]);
  expect(select("+i+")).toEqual(["s", "i", "m"]);
  expect(select("n, M")).toEqual(["m", "n"]);
  expect(() => select("fct")).toThrow(UsageError);
});

test("a header that is not as it should be is named with file and line", async () => {
  const load = (text: string) => {
    const root = join(temporaryFolder(), "sql");
    mkdirSync(join(root, "marts"), { recursive: true });
    writeFileSync(join(root, "marts", "x.sql"), text);
    return rejection(loadProject([root]));
  };
  expect((await load("select 1 as a")).message).toContain(
    "sql/marts/x.sql:1: the file does not start with its description",
  );
  expect((await load("/*\ndescription: a: b: c\n*/ select 1")).message).toMatch(
    /^sql\/marts\/x.sql:2: the header is not YAML/,
  );
  expect((await load("/*\ndescription: A.\ngrain: [b]\ncolumns:\n  a: A.\n*/ select 1 as a")).message).toBe(
    "sql/marts/x.sql:4: the grain or a test names b, which is no column.",
  );
  expect(
    (await load("/*\ndescription: A.\ngrain: [a]\ncolumns:\n  a: 5\n*/ select 1 as a")).message,
  ).toContain("sql/marts/x.sql:5: ");
  expect(
    (await load("/*\ndescription: A.\ngrain: [a]\ncolumns: {a: A}\nsize: 1\n*/ select 1 as a")).message,
  ).toContain("size");
});

const own = (sql: string, columns?: string, name = "sql/marts/own.sql") => ({
  files: { [name]: head(columns) + sql },
});

test("SQL that fails is named with file and line, and nothing of that model is changed", async () => {
  const analytics = await openOrganization(own("select 1 as a"));
  await analytics.build();
  writeFileSync(
    join(analytics.context.workspace.root, "sql/marts/own.sql"),
    `${head()}select\n  nothing as a\nfrom dim_vm`,
  );
  const error = await rejection(analytics.build({ select: "own" }));
  expect(error.message).toMatch(new RegExp(`^sql/marts/own.sql:${headLines + 2}: Binder Error: .*nothing`));
  expect(await analytics.all("select a from marts.own")).toEqual([{ a: 1 }]);
});

test("a column that is described but not produced, or produced but not described, is named with its line", async () => {
  const absent = await rejection(
    (await openOrganization(own("select 1 as a", "a,b"))).build({ select: "own" }),
  );
  expect(absent.message).toBe(
    "sql/marts/own.sql:6: the column b is described, but the SELECT does not produce it.",
  );
  const more = await rejection(
    (await openOrganization(own("select\n  1 as a,\n  2 as c"))).build({ select: "own" }),
  );
  expect(more.message).toBe(
    `sql/marts/own.sql:${headLines + 3}: the column c is produced, but not described.`,
  );
});

test("a model of the workspace joins the graph, may change its kind, and leaves with its file", async () => {
  const analytics = await openOrganization(own("select project_id as a from dim_project"));
  const built = await analytics.build();
  expect(built.models.find(({ name }) => name === "own")).toMatchObject({
    materialization: "table",
    rowCount: 0,
  });
  const path = join(analytics.context.workspace.root, "sql/marts/own.sql");
  writeFileSync(
    path,
    `${head().replace("grain:", "materialized: view\ngrain:")}select project_id as a from dim_project;\n`,
  );
  expect((await analytics.build()).models.find(({ name }) => name === "own")).toMatchObject({
    materialization: "view",
    rowCount: null,
  });
  await analytics.publish();
  expect(await analytics.published("select a from own")).toEqual([]);
  writeFileSync(path, "");
  expect((await rejection(analytics.build())).message).toContain("sql/marts/own.sql:1");
});

test("a model of the workspace that has the name of one of tally's is refused", async () => {
  const analytics = await openOrganization(own("select 1 as a", "a", "sql/marts/dim_vm.sql"));
  expect((await rejection(analytics.build())).message).toContain(
    "dim_vm is the name of sql/marts/dim_vm.sql already",
  );
});

test("a failing data test is a warning with its query, and a row of meta_test", async () => {
  const analytics = await openOrganization({
    files: {
      "sql/marts/own.sql": `/*
description: A model with what its header denies.
grain: [a]
columns:
  a: Twice the same.
  b: Once nothing.
tests:
  - not_null: [b]
    severity: warn
  - accepted_values: {column: b, values: [x]}
*/
select unnest([1, 1, 2]) as a, unnest(['x', null, 'y']) as b`,
      "sql/tests/own_rows.sql":
        "/*\ndescription: No a is 2.\nseverity: warn\n*/\nselect a from own where a = 2",
    },
  });
  const { tests } = await analytics.build();
  const failed = tests.filter(({ failingRows }) => failingRows > 0);
  expect(failed.map(({ name, severity, failingRows }) => ({ name, severity, failingRows }))).toEqual([
    { name: "own.grain", severity: "error", failingRows: 1 },
    { name: "own.not_null.b", severity: "warn", failingRows: 1 },
    { name: "own.accepted_values.b", severity: "error", failingRows: 1 },
    { name: "own_rows", severity: "warn", failingRows: 1 },
  ]);
  expect(analytics.context.effects.said()).toContain('"own.grain" (error) failed on 1 rows');
  await analytics.publish();
  const [grain] = await analytics.published("select * from meta_test where test_name = 'own.grain'");
  expect(grain).toMatchObject({ model_name: "own", status: "failed", failing_rows: "1" });
  expect(await analytics.published(String(grain?.query))).toEqual([{ a: 1, row_count: "2" }]);
});

test("a selection builds no more than it names, and leaves the rest as it was", async () => {
  const analytics = await openOrganization({});
  const { models: all } = await analytics.build();
  const { models } = await analytics.build({ select: "fct_gpu_hours_daily+" });
  const names = models.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(["fct_gpu_hours_daily", "fct_gpu_hours_trend", "int_idle_underused_reservation"]),
  );
  expect(names.filter((name) => /^(stg_|dim_(?!idle_)|int_(usage|prices)_)/.test(name))).toEqual([]);
  expect(names.indexOf("int_reservation_daily")).toBeLessThan(names.indexOf("fct_idle_findings"));
  await analytics.publish();
  const recorded = await analytics.published("select model_name from meta_model");
  expect(recorded).toHaveLength(all.length);
});
