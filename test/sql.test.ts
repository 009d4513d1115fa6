import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { type Config, loadConfig } from "../src/config.ts";
import { printRows, type RowFormat } from "../src/query/format.ts";
import { runQuery } from "../src/query/sandbox.ts";
import { openWarehouse } from "../src/warehouse.ts";
import { type Workspace, workspaceAt } from "../src/workspace.ts";
import { testEffects } from "./effects.ts";
import { temporaryFolder } from "./temporary-folder.ts";

let workspace: Workspace;
let config: Config;

beforeEach(async () => {
  workspace = workspaceAt(temporaryFolder());
  config = loadConfig(testEffects(), workspace.tallyToml);
  const analytics = await openWarehouse(workspace.analytics, config.warehouse);
  await analytics.run(`
    create table dim_project as
    select 'p1' as project_id, '=cmd|calc' as project_name, 12345678901234567890.123456789012::decimal(38, 12) as hours, date '2026-10-01' as first_date
    union all
    select 'p2', E'\\x1b[31mred\\nline', null, null
  `);
  analytics.close();
});

async function printed(query: string, format: RowFormat): Promise<string> {
  const effects = testEffects();
  await runQuery({ workspace, config }, query, (result) => printRows(result, format, effects.stdout));
  return effects.printed();
}

describe("`tally sql` prints rows", () => {
  it("as a table, with numbers to the right and nothing that steers a terminal", async () => {
    expect(await printed("from dim_project order by all", "table")).toBe(
      [
        "project_id  project_name                              hours  first_date",
        "──────────  ────────────  ─────────────────────────────────  ──────────",
        "p1          =cmd|calc     12345678901234567890.123456789012  2026-10-01",
        "p2          [31mred line",
        "",
      ].join("\n"),
    );
  });

  it("as CSV, exact to the last decimal, with no formula", async () => {
    expect(await printed("from dim_project order by all limit 1", "csv")).toBe(
      "project_id,project_name,hours,first_date\r\np1,'=cmd|calc,12345678901234567890.123456789012,2026-10-01\r\n",
    );
  });

  it("as JSON, with numbers as numerals", async () => {
    const text = await printed(
      "select project_name, hours, 1.5::double as ratio from dim_project order by all",
      "json",
    );
    expect(text).toContain('"hours":12345678901234567890.123456789012');
    expect(JSON.parse(text)[0]).toEqual({ project_name: "\u001b[31mred\nline", hours: null, ratio: 1.5 });
  });

  it("with its head where there is no row", async () => {
    expect(await printed("select 1 as one where false", "csv")).toBe("one\r\n");
    expect(JSON.parse(await printed("select 1 as one where false", "json"))).toEqual([]);
  });

  it("of a result of many chunks, each once", async () => {
    const lines = (await printed("from range(10000)", "csv")).trimEnd().split("\r\n");
    expect(lines.slice(1).map(Number)).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  });
});

describe("`tally sql` refuses", () => {
  it.each([
    ["to write a file", (evil: string) => `copy (select 1) to '${evil}'`],
    ["to export the database", (evil: string) => `export database '${evil}'`],
    ["to attach another file", (evil: string) => `attach '${evil}'`],
    ["to read a file", () => "from read_text('/etc/hostname')"],
    ["to list a folder", () => "from glob('/etc/*')"],
    ["to load code", () => "install httpfs"],
    ["to change a table", () => "insert into dim_project values ('p3', 'x', 1, null)"],
    ["to drop a table", () => "drop table dim_project"],
    ["to change a setting", () => "set memory_limit = '100GB'"],
    ["to unlock the settings", () => "set enable_external_access = true"],
  ])("%s", async (_what, query) => {
    const evil = join(workspace.root, "evil");
    await expect(printed(query(evil), "csv")).rejects.toMatchObject({ exitCode: 2 });
    expect(existsSync(evil)).toBe(false);
    expect(await printed("select count(*)::integer as n from dim_project", "csv")).toBe("n\r\n2\r\n");
  });

  it("a query with a slip, and points at its place and the near name", async () => {
    await expect(printed("select projct_id from dim_project", "csv")).rejects.toThrow(
      /"project_id"[\s\S]*\^/,
    );
  });

  it("to begin before anything is published, and says how to", async () => {
    const empty = workspaceAt(temporaryFolder());
    await expect(
      runQuery({ workspace: empty, config }, "select 1", async () => undefined),
    ).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining("tally run"),
    });
  });
});
