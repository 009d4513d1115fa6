import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { beforeEach, describe, expect, it } from "vitest";
import { type Config, loadConfig } from "../../src/config.ts";
import { type QueryRun, runToOutput } from "../../src/query/output.ts";
import { readParams } from "../../src/query/params.ts";
import { openWarehouse, sqlText } from "../../src/warehouse.ts";
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
    create table dim_project as
    select 'p1' as project_id, '=cmd|calc' as project_name, 12345678901234567890.123456789012::decimal(38, 12) as hours, date '2026-10-01' as first_date
    union all
    select 'p2', E'\\x1b[31mred\\nline', null, null
  `);
  analytics.close();
});

async function printed(
  sql: string,
  format: QueryRun["format"],
  more: Partial<QueryRun> = {},
): Promise<string> {
  const effects = testEffects();
  await runToOutput({ effects, workspace, config }, { sql, params: {}, format, ...more }, effects.stdout);
  return effects.printed();
}

/** Rows of a file, as DuckDB itself reads it. */
async function rowsOfFile(path: string) {
  const reader = await openWarehouse(join(workspace.root, "reader.duckdb"), config.warehouse);
  const rows = await reader.all(`from ${sqlText(path)}`);
  reader.close();
  return rows;
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

  it("as Markdown, in which no name makes a cell, a line or a tag of its own", async () => {
    const text = await printed(
      "select 'a|b' as x, E'two\\nlines' as y, '<b>' as z, 1.50::decimal(4, 2) as n",
      "markdown",
    );
    expect(text).toBe(
      "| x | y | z | n |\n| --- | --- | --- | ---: |\n| a\\|b | two<br>lines | \\<b> | 1.50 |\n",
    );
  });

  it("as Parquet, with their types, into one file or on", async () => {
    const output = join(workspace.root, "rows.parquet");
    const query = "select project_id, hours, first_date from dim_project order by all -- the end";
    await printed(query, "parquet", { output });
    const expected = [
      { project_id: "p1", hours: "12345678901234567890.123456789012", first_date: "2026-10-01" },
      { project_id: "p2", hours: null, first_date: null },
    ];
    expect(await rowsOfFile(output)).toEqual(expected);
    expect(readdirSync(workspace.root).filter((name) => name.startsWith("."))).toEqual([]);
    expect((await printed(query, "parquet")).startsWith("PAR1")).toBe(true);
  });

  it("into a file that is whole or as it was", async () => {
    const output = join(workspace.root, "rows.csv");
    await printed("select 1 as one", "csv", { output });
    expect(readFileSync(output, "utf8")).toBe("one\r\n1\r\n");
    await expect(printed("select error('no') from range(5)", "csv", { output })).rejects.toThrow("no");
    expect(readFileSync(output, "utf8")).toBe("one\r\n1\r\n");
    const elsewhere = join(workspace.root, "nowhere", "rows.csv");
    await expect(printed("select 1", "csv", { output: elsewhere })).rejects.toThrow(
      `${elsewhere} can't be written: ENOENT`,
    );
  });

  it("with the values of its parameters, which are text and never part of the query", async () => {
    const params = readParams(["id=p1' or 'a' = 'a", "from=2026-10-01"]);
    expect(
      await printed(
        "select count(*)::integer as n, $from::date as day from dim_project where project_id = $id",
        "csv",
        {
          params,
        },
      ),
    ).toBe("n,day\r\n0,2026-10-01\r\n");
    expect(
      await printed("select count(*)::integer as n from dim_project where first_date >= $from", "csv", {
        params: { from: "2026-10-01" },
      }),
    ).toBe("n\r\n1\r\n");
    await expect(printed("select $id, $from", "csv")).rejects.toMatchObject({
      hint: expect.stringMatching(/--param (id|from)=… --param (id|from)=…/),
    });
    expect(() => readParams(["id"])).toThrow("NAME=VALUE");
    expect(() => readParams(["id=1", "id=2"])).toThrow("twice");
  });

  it("of ten million, in memory that does not grow with them", async () => {
    let written = 0;
    let most = 0;
    const counting = new Writable({
      write(chunk: Buffer, _encoding, done) {
        written += chunk.length;
        most = Math.max(most, process.memoryUsage.rss());
        setImmediate(done);
      },
    });
    const before = process.memoryUsage.rss();
    const run = {
      sql: "select range::integer as n from range(10_000_000)",
      params: {},
      format: "csv" as const,
    };
    await runToOutput({ effects: testEffects(), workspace, config }, run, counting);
    // "n", and 10 million lines of 68,888,890 digits in all.
    expect(written).toBe(3 + 68_888_890 + 2 * 10_000_000);
    expect(most - before).toBeLessThan(250 * 1024 * 1024);
  }, 120_000);

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

  it("a query that never ends, after the time that it has", async () => {
    const endless =
      "select count(distinct a.range + b.range) from range(10_000_000_000) as a, range(1000) as b";
    const began = Date.now();
    await expect(printed(endless, "csv", { timeoutSeconds: 0.5 })).rejects.toThrow("ended after 0.5 seconds");
    expect(Date.now() - began).toBeLessThan(15_000);
  });

  it("two queries at once, and none", async () => {
    await expect(printed("select 1; select 2", "csv")).rejects.toThrow("this is 2");
    const evil = join(workspace.root, "evil");
    const output = join(workspace.root, "rows.parquet");
    const query = `select 1) to '${evil}'; copy (select 2`;
    await expect(printed(query, "parquet", { output })).rejects.toMatchObject({ exitCode: 2 });
    expect([existsSync(evil), existsSync(output)]).toEqual([false, false]);
  });

  it("a query with a slip, and points at its place and the near name", async () => {
    await expect(printed("select projct_id from dim_project", "csv")).rejects.toThrow(
      /"project_id"[\s\S]*\^/,
    );
  });

  it("to begin before anything is published, and says how to", async () => {
    const empty = workspaceAt(temporaryFolder());
    await expect(
      runToOutput(
        { effects: testEffects(), workspace: empty, config },
        { sql: "select 1", params: {}, format: "csv" },
        testEffects().stdout,
      ),
    ).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining("tally run"),
    });
  });
});
