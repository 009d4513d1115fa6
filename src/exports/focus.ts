import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../package.ts";
import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { writeAside } from "../write-aside.ts";
import type { FocusVersion } from "./focus-columns.ts";
import { type FocusMetadata, focusMetadata, type UnpricedUsage } from "./focus-metadata.ts";
import { type AskedDays, type Days, monthsOf } from "./period.ts";
import { type ExportContext, withPublished } from "./published.ts";

export const focusFormats = ["csv", "parquet"] as const;
export type FocusFormat = (typeof focusFormats)[number];

export interface FocusOptions extends AskedDays {
  version: FocusVersion;
  formats: readonly FocusFormat[];
  /** The folder that the files are put into. */
  folder: string;
}

export interface FocusExport {
  version: FocusVersion;
  /** The days that are in it, both ends included. */
  from: string;
  to: string;
  rows: number;
  /** The paths of the data and, last, of their metadata. */
  files: string[];
  /** Usage that is not in it, for nothing says what it costs. */
  unpriced: UnpricedUsage[];
}

/**
 * Writes the charges of some days as FOCUS rows, from the published tables alone, with the metadata beside them.
 * The same tables give the same bytes.
 *
 * @throws ConfigError where nothing is published, or no usage has been read
 * @throws UsageError where there are no charges on those days
 *
 * @example
 * await exportFocus(context, { version: "1.2", formats: ["csv"], folder: "exports/focus-1.2/2026-10", from: "2026-10-01", to: "2026-10-31" });
 */
export async function exportFocus(context: ExportContext, options: FocusOptions): Promise<FocusExport> {
  return withPublished(context, async (analytics, build) => {
    const months = await monthsOf(analytics, options);
    const name = `focus-${options.version}`;
    const metadataFile = `${name}-metadata.json`;
    let metadata: FocusMetadata | undefined;
    await writeAside(options.folder, async (aside) => {
      const parts = await writeMonths(analytics, options.version, months, aside);
      const rows = `read_parquet([${parts.map(sqlText).join(", ")}])`;
      const types = await columnTypes(analytics, rows);
      // Several threads would mix the months.
      await analytics.run("set threads = 1");
      for (const format of options.formats) {
        await writeWhole[format](analytics, rows, types, join(aside, `${name}.${format}`));
      }
      metadata = await focusMetadata(analytics, { ...options, months, rows, types, build });
      await writeFile(join(aside, metadataFile), `${JSON.stringify(metadata, null, 2)}\n`);
      return [...options.formats.map((format) => `${name}.${format}`), metadataFile];
    });
    // A file of an earlier export in another format would stand beside metadata that are not its own.
    for (const format of focusFormats.filter((known) => !options.formats.includes(known))) {
      await rm(join(options.folder, `${name}.${format}`), { force: true });
    }
    if (!metadata) throw new Error("The metadata were not written.");
    return {
      version: options.version,
      from: metadata.x_Dataset.FirstDate,
      to: metadata.x_Dataset.LastDate,
      rows: metadata.x_Dataset.Rows,
      files: [...options.formats.map((format) => `${name}.${format}`), metadataFile].map((file) =>
        join(options.folder, file),
      ),
      unpriced: metadata.x_Dataset.UnpricedUsage,
    };
  });
}

/** Runs sql/exports/focus_<version>.sql for a month at a time. */
async function writeMonths(
  analytics: Warehouse,
  version: FocusVersion,
  months: readonly Days[],
  folder: string,
): Promise<string[]> {
  await analytics.run("create temp table focus_period (first_date date, end_date date)");
  for (const name of ["services", "units"]) {
    const path = join(packageRoot, "data", "reference", `focus-${name}.csv`);
    await analytics.run(
      `create temp table focus_${name} as from read_csv(${sqlText(path)}, header = true, all_varchar = true)`,
    );
  }
  await analytics.run(`create temp view focus_charges as ${await exportQuery("focus_charges")}`);
  const query = await exportQuery(`focus_${version.replace(".", "_")}`);
  const parts: string[] = [];
  for (const { first, end } of months) {
    const part = join(folder, `${first}.part`);
    await analytics.run("delete from focus_period");
    await analytics.run("insert into focus_period values ($first::date, $end::date)", { first, end });
    await analytics.run(`copy (${query}) to ${sqlText(part)} (format parquet)`);
    parts.push(part);
  }
  return parts;
}

function exportQuery(name: string): Promise<string> {
  return readFile(join(packageRoot, "sql", "exports", `${name}.sql`), "utf8");
}

/** The columns with their types, in order. */
export type ColumnTypes = readonly { column_name: string; column_type: string }[];

async function columnTypes(analytics: Warehouse, rows: string): Promise<ColumnTypes> {
  return analytics.all<ColumnTypes[number]>(
    `select column_name, column_type from (describe select * from ${rows})`,
  );
}

const writeWhole: Record<
  FocusFormat,
  (analytics: Warehouse, rows: string, types: ColumnTypes, path: string) => Promise<void>
> = {
  /** Times in ISO 8601, and texts that no spreadsheet runs as a formula, as in every CSV of tally. */
  async csv(analytics, rows, types, path) {
    const columns = types.map(({ column_name, column_type }) =>
      column_type === "VARCHAR"
        ? `${harmless(column_name)} as ${sqlName(column_name)}`
        : sqlName(column_name),
    );
    await analytics.run(
      `copy (select ${columns.join(", ")} from ${rows}) to ${sqlText(path)}
       (format csv, header true, timestampformat '%Y-%m-%dT%H:%M:%SZ')`,
    );
  },
  /** Texts as they came, and times as instants in UTC. */
  async parquet(analytics, rows, types, path) {
    const columns = types.map(({ column_name, column_type }) =>
      column_type === "TIMESTAMP"
        ? `${sqlName(column_name)}::timestamptz as ${sqlName(column_name)}`
        : sqlName(column_name),
    );
    await analytics.run(
      `copy (select ${columns.join(", ")} from ${rows}) to ${sqlText(path)} (format parquet, compression zstd)`,
    );
  },
};

// What src/csv.ts does to a text, in SQL.
function harmless(column: string): string {
  const name = sqlName(column);
  return `case when ${name}[1] in ('=', '+', '-', '@', chr(9), chr(10), chr(13)) then '''' || ${name} else ${name} end`;
}
