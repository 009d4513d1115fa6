import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openWarehouse, sqlName, sqlText, type Warehouse } from "../../warehouse.ts";
import type { DataTable, TableFormat } from "./format.ts";

/** A Parquet file for each table, with the types of its query; what its columns mean is in the file's key-value metadata. */
export const parquet: TableFormat = {
  name: "parquet",
  async filesOf(tables, { config }) {
    const folder = await mkdtemp(join(tmpdir(), "tally-parquet-"));
    try {
      const duckdb = await openWarehouse(join(folder, "tables.duckdb"), config.warehouse);
      try {
        const files = new Map<string, Uint8Array>();
        for (const table of tables) files.set(`${table.id}.parquet`, await written(duckdb, table, folder));
        return files;
      } finally {
        duckdb.close();
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function written(
  duckdb: Warehouse,
  { id, title, dataset }: DataTable,
  folder: string,
): Promise<Uint8Array> {
  const { columns, rows, description } = dataset;
  const path = join(folder, `${id}.parquet`);
  const position = rows.map((row) => columns.map(({ name }) => textOf(row[name] ?? null)));
  await duckdb.run(`create or replace temp table cells as select unnest($rows::json::varchar[][]) as cells`, {
    rows: JSON.stringify(position),
  });
  const casts = columns.map(({ name, type }, i) => `cast(cells[${i + 1}] as ${type}) as ${sqlName(name)}`);
  const meanings = Object.fromEntries(columns.map((column) => [column.name, column.description]));
  await duckdb.run(`
    copy (select ${casts.join(", ")} from cells)
    to ${sqlText(path)} (
      format parquet,
      compression zstd,
      kv_metadata {
        title: ${sqlText(title)},
        description: ${sqlText(description)},
        columns: ${sqlText(JSON.stringify(meanings))}
      }
    )`);
  return readFile(path);
}

function textOf(value: unknown): string | null {
  if (value === null) return null;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
