import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { countRows } from "../row-counts.ts";
import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { writeAside } from "../write-aside.ts";
import { type ExportContext, withPublished } from "./published.ts";
import { publishedTables } from "./published-tables.ts";

export interface ParquetExport {
  /** A folder for each table that has days, with a folder for each month; a file for every other. */
  tables: { table: string; rows: number; path: string }[];
}

/**
 * Copies every published table to Parquet for other engines: what has a usage_date by month, as
 * `<table>/month=2026-10/*.parquet`, every other as `<table>/<table>.parquet`. Each table is replaced at once.
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
      for (const { table, hasDays } of tables) {
        if (hasDays) await writeByMonth(analytics, table, join(aside, table));
        else await writeOne(analytics, table, join(aside, table));
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

async function writeByMonth(analytics: Warehouse, table: string, folder: string): Promise<void> {
  await mkdir(folder);
  await analytics.run(`
    copy (select *, strftime(usage_date, '%Y-%m') as month from ${sqlName(table)})
    to ${sqlText(folder)} (format parquet, compression zstd, partition_by (month), overwrite_or_ignore true)
  `);
  // A table without rows has no month; its columns are still to be read.
  const [some] = await analytics.all(`select 1 as one from ${sqlName(table)} limit 1`);
  if (!some) await copyWhole(analytics, table, folder);
}

async function writeOne(analytics: Warehouse, table: string, folder: string): Promise<void> {
  await mkdir(folder);
  await copyWhole(analytics, table, folder);
}

async function copyWhole(analytics: Warehouse, table: string, folder: string): Promise<void> {
  await analytics.run(
    `copy ${sqlName(table)} to ${sqlText(join(folder, `${table}.parquet`))} (format parquet, compression zstd)`,
  );
}
