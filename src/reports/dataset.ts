import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { csvLine } from "../csv.ts";
import { packageRoot } from "../package.ts";
import type { Params, Row, Value, Warehouse } from "../warehouse.ts";
import { trimmed } from "./decimal.ts";

/** The rows of one query of sql/reports, as exact as they came: decimals, dates and times are text. */
export interface Dataset {
  /** The name of the query's file. */
  query: string;
  /** The query itself, to be shown beside its figures. */
  sql: string;
  /** The parameters that it takes, with their values. */
  params: Params;
  columns: readonly DatasetColumn[];
  rows: readonly Row[];
}

export interface DatasetColumn {
  name: string;
  /** The column's type, as DuckDB writes it. */
  type: string;
}

/** Runs sql/reports/<query>.sql with those of the parameters that it names. */
export async function readDataset(analytics: Warehouse, query: string, params: Params): Promise<Dataset> {
  const sql = await readFile(join(packageRoot, "sql", "reports", `${query}.sql`), "utf8");
  const bound = paramsOf(sql, params);
  const result = await analytics.stream(sql, bound);
  const names = result.columnNames();
  const types = result.columnTypes();
  const rows: Row[] = [];
  for await (const chunk of result.yieldRowObjectJson()) rows.push(...(chunk as Row[]));
  return {
    query,
    sql,
    params: bound,
    columns: names.map((name, i) => ({ name, type: String(types[i]) })),
    rows,
  };
}

// DuckDB refuses a value for a name that the statement has not.
function paramsOf(sql: string, params: Params): Params {
  const statement = sql.replace(/--.*$/gm, "");
  const names = new Set([...statement.matchAll(/\$([a-z_]+)/g)].map(([, name]) => name));
  return Object.fromEntries(Object.entries(params).filter(([name]) => names.has(name)));
}

/** The dataset as a CSV file: a header, ISO 8601 dates and times, exact decimals, no formula. */
export function csvOf({ columns, rows }: Dataset): string {
  const head = csvLine(columns.map(({ name }) => ({ text: name, isNumber: false })));
  const lines = rows.map((row) =>
    csvLine(
      columns.map(({ name, type }) => ({
        text: csvText(row[name] ?? null, type),
        isNumber: isNumeric(type),
      })),
    ),
  );
  return head + lines.join("");
}

function isNumeric(type: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\))$/.test(type);
}

function csvText(value: Value, type: string): string {
  if (value === null) return "";
  if (typeof value === "string" && type.startsWith("DECIMAL")) return trimmed(value, 2);
  if (typeof value === "string" && type === "TIMESTAMP") return isoInstant(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** `2026-11-03 06:00:00`, as DuckDB writes UTC times, as ISO 8601. */
function isoInstant(timestamp: string): string {
  return `${timestamp.replace(" ", "T").replace(/\.0+$/, "")}Z`;
}
