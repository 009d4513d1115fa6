import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { countRows } from "../row-counts.ts";
import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { writeAside } from "../write-aside.ts";
import { parquetValues } from "./parquet-types.ts";
import { type ExportContext, withPublished } from "./published.ts";
import { monthColumn, type PublishedTable, publishedTables } from "./published-tables.ts";

export interface ParquetExport {
  /** A folder for each table that has days, with a folder for each month; a file for every other. */
  tables: { table: string; rows: number; path: string }[];
}

/**
 * Copies every published table to Parquet for other engines: what has a usage_date by month, as
 * `<table>/month=2026-10/*.parquet`, every other as `<table>/<table>.parquet`. Each table is replaced at once, and no
 * column has a type that Spark or Trino has not.
 *
 * @throws ConfigError where nothing is published
 */
export async function exportParquet(
  context: ExportContext,
  options: { folder: string },
): Promise<ParquetExport> {
  return withPublished(context, async (analytics) => {
    const tables = await publishedTables(analytics);
    const rows = await countRows(analytics);
    await writeAside(options.folder, async (aside) => {
      for (const table of tables) {
        const write = table.hasDays ? writeByMonth : writeOne;
        await write(analytics, table, join(aside, table.table));
      }
      return tables.map(({ table }) => table);
    });
    return {
      tables: tables.map(({ table }) => ({
        table,
        rows: rows.get(table) ?? 0,
        path: join(options.folder, table),
      })),
    };
  });
}

async function writeByMonth(analytics: Warehouse, table: PublishedTable, folder: string): Promise<void> {
  await mkdir(folder);
  const month = sqlName(monthColumn(table));
  await analytics.run(`
    copy (select ${parquetValues(table)}, strftime(usage_date, '%Y-%m') as ${month} from ${table.relation})
    to ${sqlText(folder)} (format parquet, compression zstd, partition_by (${month}), overwrite_or_ignore true)
  `);
  // A table without rows has no month; its columns are still to be read.
  const [some] = await analytics.all(`select 1 as one from ${table.relation} limit 1`);
  if (!some) await copyWhole(analytics, table, folder);
}

async function writeOne(analytics: Warehouse, table: PublishedTable, folder: string): Promise<void> {
  await mkdir(folder);
  await copyWhole(analytics, table, folder);
}

async function copyWhole(analytics: Warehouse, table: PublishedTable, folder: string): Promise<void> {
  const path = join(folder, `${table.table}.parquet`);
  await analytics.run(
    `copy (select ${parquetValues(table)} from ${table.relation}) to ${sqlText(path)} (format parquet, compression zstd)`,
  );
}
