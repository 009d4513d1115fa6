import { readFileSync } from "node:fs";
import { PassThrough } from "node:stream";
import { beforeEach, expect, test, vi } from "vitest";
import { type Config, loadConfig } from "../../src/config.ts";
import { complete } from "../../src/query/completion.ts";
import { runRepl } from "../../src/query/repl.ts";
import { openWarehouse } from "../../src/warehouse.ts";
import { type Workspace, workspaceAt } from "../../src/workspace.ts";
import { testEffects } from "../effects.ts";
import { temporaryFolder } from "../temporary-folder.ts";

let workspace: Workspace;
let config: Config;

beforeEach(async () => {
  workspace = workspaceAt(temporaryFolder());
  config = loadConfig(testEffects(), workspace.tallyToml);
  const analytics = await openWarehouse(workspace.analytics, config.warehouse);
  await analytics.run(`
    create table dim_project as select 'p1' as project_id, 'Training' as project_name;
    comment on table dim_project is 'The projects.';
    comment on column dim_project.project_name is 'Its name.';
  `);
  analytics.close();
});

async function said(typed: string, isTerminal = false): Promise<{ printed: string; told: string }> {
  const effects = testEffects();
  const input = new PassThrough();
  const streams = { input, output: effects.stdout, stderr: effects.stderr, isTerminal };
  let hasEnded = false;
  const ended = runRepl({ effects, workspace, config }, { format: "csv" }, streams).finally(() => {
    hasEnded = true;
  });
  // A key at a time, as somebody types.
  for (const keys of isTerminal ? (typed.match(/\u001b\[.|[\s\S]/g) ?? []) : [typed]) {
    input.write(keys);
    await new Promise((resume) => setTimeout(resume, 2));
    const isAnswered = () => hasEnded || effects.printed().endsWith("tally> \u001b[8G");
    if (isTerminal && keys === "\n") await vi.waitFor(() => expect(isAnswered()).toBe(true), 10_000);
  }
  input.end();
  await ended;
  return { printed: effects.printed(), told: effects.said() };
}

test("a query ends with a semicolon, and may take several lines", async () => {
  expect((await said("select 1\n  as one\n  ;\nselect 2 as two;")).printed).toBe("one\r\n1\r\ntwo\r\n2\r\n");
});

test("an error is told with its place, and the next query is read", async () => {
  const { printed, told } = await said(
    "select projct_id from dim_project;\n\\x\nselect 3 as three;\n\\q\nselect 4;\n",
  );
  expect(printed).toBe("three\r\n3\r\n");
  expect(told).toMatch(/"project_id"[\s\S]*\^/);
  expect(told).toContain("There is no command \\x.");
});

test("\\d lists the tables and what they hold, and a table's columns with their meanings", async () => {
  expect((await said("\\d\n")).printed).toBe("table_name,row_count,holds\r\ndim_project,1,The projects.\r\n");
  expect((await said("\\d DIM_PROJECT;\n")).printed).toBe(
    "column_name,data_type,means\r\nproject_id,VARCHAR,\r\nproject_name,VARCHAR,Its name.\r\n",
  );
});

test("the format can be changed, and saved queries are listed", async () => {
  expect((await said("\\f json\nselect 1 as one;\n")).printed).toBe('[\n{"one":1}\n]\n');
  expect((await said("\\f xml\n")).told).toContain("table, csv, json, markdown");
  expect((await said("\\s\n")).printed).toContain("@top-spenders  The projects that cost most");
});

test("what was typed is there the next time, for the same user only", async () => {
  await said("select 1 as one;\nselect 2 as two;\n\\q\n", true);
  expect(readFileSync(workspace.sqlHistory, "utf8")).toBe("select 1 as one;\nselect 2 as two;\n\\q\n");
  // Up three times, past \q and the second query, then enter.
  const { printed } = await said("\u001b[A\u001b[A\u001b[A\r\n\\q\n", true);
  expect(printed).toContain("one\r\n1\r\n");
});

test("a tab completes tables, and columns behind a table's name", async () => {
  const { printed } = await said("select project_n\t from dim_p\t;\n\\q\n", true);
  expect(printed).toContain("project_name\r\nTraining\r\n");
  const tables = [{ name: "dim_project", columns: ["project_id", "project_name"] }];
  expect(complete("select DIM_project.project_i", tables)).toEqual([
    ["DIM_project.project_id"],
    "DIM_project.project_i",
  ]);
  expect(complete("from ", tables)).toEqual([["dim_project"], ""]);
  expect(complete("sel", tables)).toEqual([["select"], "sel"]);
});
