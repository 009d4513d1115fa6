import { expect, test, vi } from "vitest";
import { printTests } from "../../src/commands/print-tests.ts";
import { ConfigError } from "../../src/errors/config-error.ts";
import { TallyError } from "../../src/errors/tally-error.ts";
import { UsageError } from "../../src/errors/usage-error.ts";
import { testModels } from "../../src/models/test.ts";
import { type Analytics, openOrganization } from "./organization.ts";

// Each build of a new warehouse takes about a second on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const own = (tests: string, select: string) => `/*
description: Rows of a test.
grain: [id]
columns:
  id: Its number.
  size: How large it is.
  parent: Another row.
  seen_at: When it was seen.
tests:
${tests}
*/
${select}`;

const rows = `select id, size::decimal(18, 6) as size, parent, seen_at::timestamp as seen_at
from (values
  (1, 0, null, '2026-11-01 06:00:00'),
  (2, 10.5, 1, '2026-11-02 06:00:00'),
  (3, -0.000001, 2, null),
  (4, 10.500001, 9, null),
  (5, null, 9, null)
) as t (id, size, parent, seen_at)`;

async function failuresOf(tests: string, select = rows): Promise<[string, string, number][]> {
  const analytics = await openOrganization({ files: { "sql/marts/own.sql": own(tests, select) } });
  const { tests: results } = await analytics.build({ select: "own" });
  return results
    .filter(({ failingRows }) => failingRows > 0)
    .map(({ name, severity, failingRows }) => [name, severity, failingRows]);
}

test("a range takes its bounds in, and null is in every range", async () => {
  expect(await failuresOf("  - range: {column: size, min: 0, max: 10.5}")).toEqual([
    ["own.range.size", "error", 2],
  ]);
  expect(await failuresOf("  - range: {column: size, max: 10.5}\n    severity: warn")).toEqual([
    ["own.range.size", "warn", 1],
  ]);
  expect(await failuresOf("  - range: {column: size, min: '-0.000001', max: 11}")).toEqual([]);
});

test("a relationship names the rows whose value the other model lacks", async () => {
  expect(await failuresOf("  - relationship: {column: parent, model: own, to: id}")).toEqual([
    ["own.relationship.parent", "error", 2],
  ]);
});

test("freshness is judged by the run's clock, to the second, and a table without times has no age", async () => {
  // The clock stands at 2026-11-03 06:00:00, a day after the latest.
  expect(await failuresOf("  - freshness: {column: seen_at, within: 24 hours}")).toEqual([]);
  expect(await failuresOf("  - freshness: {column: seen_at, within: 1 day}\n    severity: warn")).toEqual([]);
  expect(await failuresOf("  - freshness: {column: seen_at, within: 23 hours}")).toEqual([
    ["own.freshness.seen_at", "error", 1],
  ]);
  expect(
    await failuresOf(
      "  - freshness: {column: seen_at, within: 1 hour}",
      `select * from (${rows}) where id > 2`,
    ),
  ).toEqual([]);
});

test("a test that can't be is refused with the file", async () => {
  const refusal = (tests: string) => failuresOf(tests).catch((reason: unknown) => reason);
  for (const tests of [
    "  - range: {column: size}",
    "  - range: {column: size, min: low}",
    "  - freshness: {column: seen_at, within: a while}",
    "  - range: {column: nothing, min: 0}",
    "  - relationship: {column: parent, model: nowhere, to: id}",
  ]) {
    const error = await refusal(tests);
    expect(error, tests).toBeInstanceOf(ConfigError);
    expect(String(error)).toContain("sql/marts/own.sql:");
  }
});

async function withFailures(): Promise<Analytics> {
  const analytics = await openOrganization({
    files: {
      "sql/marts/own.sql": own(
        "  - range: {column: size, min: 0}\n  - not_null: [seen_at]\n    severity: warn",
        rows,
      ),
      "sql/tests/own_name.sql":
        "/*\ndescription: No row is hostile.\nseverity: warn\n*/\nselect '\u001b[31m=cmd|' as name",
    },
  });
  await analytics.build();
  return analytics;
}

test("what failed is printed with how many rows, the first of them, and the query for the rest", async () => {
  const analytics = await withFailures();
  const results = await testModels(analytics.context, { select: ["own", "own_name"] });
  await printTests(analytics.context, results, { format: "text", rows: 2 });
  const printed = analytics.context.effects.printed();
  expect(printed).toContain("error  own.range.size: 1 row\n");
  expect(printed).toContain("-0.000001");
  expect(printed).toContain('The same by:\n  select * from "own" where "size" < 0\n');
  expect(printed).toContain("warn  own.not_null.seen_at: 3 rows\n");
  expect(printed).toContain('The other 1 row by:\n  select * from "own" where "seen_at" is null\n');
  expect(printed).toContain("[31m=cmd|");
  expect(printed).not.toContain("\u001b");
  expect(printed.endsWith("4 tests: 1 passed, 1 failed (error), 2 failed (warn)\n")).toBe(true);
});

test("as JSON there is one object with every test and its first rows", async () => {
  const analytics = await withFailures();
  const results = await testModels(analytics.context);
  await printTests(analytics.context, results, { format: "json", rows: 5 });
  const { tests } = JSON.parse(analytics.context.effects.printed()) as {
    tests: { name: string; status: string; failing_rows: number; rows: Record<string, unknown>[] }[];
  };
  expect(tests.length).toBe(results.length);
  expect(tests.find(({ name }) => name === "own.grain")).toMatchObject({ status: "passed", rows: [] });
  expect(tests.find(({ name }) => name === "own.range.size")).toMatchObject({
    model: "own",
    severity: "error",
    status: "failed",
    failing_rows: 1,
    rows: [{ id: 3, size: "-0.000001", parent: 2, seen_at: null }],
  });
});

test("a later test is recorded with its own time, and what was not selected stays recorded as it was", async () => {
  const analytics = await withFailures();
  const recorded =
    "select test_name, status, tested_at from meta.test where test_name like 'own.%' order by 1";
  const before = await analytics.all(recorded);
  await analytics.context.warehouse.run("update marts.own set size = 1");
  const effects = { ...analytics.context.effects, now: () => new Date("2026-11-03T07:00:00Z") };
  await testModels({ ...analytics.context, effects }, { select: ["own.range.size"] });
  expect(await analytics.all(recorded)).toEqual(
    before.map((row) =>
      row.test_name === "own.range.size"
        ? { ...row, status: "passed", tested_at: "2026-11-03 07:00:00" }
        : row,
    ),
  );
});

test("a name that is no test, a model that was never built, and SQL that fails are said", async () => {
  const analytics = await withFailures();
  const refusal = (select: string) =>
    testModels(analytics.context, { select: [select] }).catch((reason: unknown) => reason);
  expect(await refusal("dim_vmm")).toBeInstanceOf(UsageError);
  await analytics.context.warehouse.run("alter table marts.own drop column seen_at");
  const broken = await refusal("own");
  expect(broken).toBeInstanceOf(TallyError);
  expect(String(broken)).toContain("sql/marts/own.sql: the data test own.not_null.seen_at can't be run");
  await analytics.context.warehouse.run("drop table marts.own");
  expect(String(await refusal("dim_vm"))).toContain("own was never built");
});
