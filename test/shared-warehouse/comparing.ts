import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { inMemory, openWarehouse, sqlText } from "../../src/warehouse.ts";

/** A new folder that is gone when all tests of the file have ended. */
export function keptFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tally-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The files below a folder, by their paths in it. */
export function filesIn(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort();
}

/** What is of a run and of a machine, and not of what was read: when, in which run, how long it took. */
const ownColumns = ["_load_id", "load_id", "run_id", "path", "file", "requested_at", "sha256", "bytes"];
const ownTables = ["meta_model", "meta_run"];

/** The tables of one schema that do not have the same rows in two workspaces, all columns compared. */
export async function differences(
  one: string,
  other: string,
  file: "analytics" | "warehouse",
  schema: string,
): Promise<string[]> {
  const memory = await openWarehouse(inMemory, { memoryLimit: "256MB", threads: 1 });
  try {
    const attached = (root: string, name: string) =>
      `attach ${sqlText(join(root, "data", `${file}.duckdb`))} as ${name} (read_only);`;
    await memory.run(attached(one, "one") + attached(other, "other"));
    const tables = await memory.all<{ name: string; columns: string[] }>(`
      select table_name as name, list(column_name) as columns
      from duckdb_columns()
      where database_name in ('one', 'other')
        and schema_name = ${sqlText(schema)}
        and column_name not in (${ownColumns.map(sqlText).join(", ")})
      group by all
      order by all
    `);
    const differing: string[] = [];
    let compared = 0;
    for (const { name, columns } of tables.filter((table) => !ownTables.includes(table.name))) {
      const list = [...new Set(columns)].map((column) => `"${column}"`).join(", ");
      const rows = (database: string) => `select ${list} from ${database}.${schema}."${name}"`;
      const [found] = await memory.all<{ rows: number; others: number }>(`
        select
          (select count(*) from one.${schema}."${name}")::integer as rows,
          (
            (select count(*) from (${rows("one")} except all ${rows("other")}))
            + (select count(*) from (${rows("other")} except all ${rows("one")}))
          )::integer as others
      `);
      compared += found?.rows ?? 0;
      if (found?.others !== 0) differing.push(`${name}: ${found?.others} rows`);
    }
    if (tables.length < 20 || compared < 100)
      differing.push(`only ${compared} rows of ${tables.length} tables`);
    return differing;
  } finally {
    memory.close();
  }
}
