import { ConfigError } from "../errors/config-error.ts";
import type { Params, Row, Warehouse } from "../warehouse.ts";
import { type ReportQuery, readQuery } from "./query.ts";

/** The rows of one query of sql/reports, as exact as they came: decimals, dates and times are text. */
export interface Dataset {
  /** The name of the query's file. */
  query: string;
  /** What the rows are. */
  description: string;
  /** The columns that no two rows agree in; null where there are none such. */
  grain: readonly string[] | null;
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
  /** What it means. */
  description: string;
}

/** Runs sql/reports/<query>.sql with those of the parameters that it names. */
export async function readDataset(analytics: Warehouse, query: string, params: Params): Promise<Dataset> {
  return runQuery(analytics, await readQuery(query), params);
}

/**
 * Runs a query with those of the parameters that it names: DuckDB refuses a value for a name that the statement
 * has not.
 *
 * @throws ConfigError where it has a column that its header does not describe
 */
export async function runQuery(analytics: Warehouse, query: ReportQuery, params: Params): Promise<Dataset> {
  const bound = Object.fromEntries(Object.entries(params).filter(([name]) => query.parameters.has(name)));
  const result = await analytics.stream(query.text, bound);
  const types = result.columnTypes();
  const columns = result.columnNames().map((name, i) => {
    const description = query.meanings.get(name);
    if (description === undefined) {
      throw new ConfigError(`${query.file}: the column ${name} is selected, but not described.`, {
        hint: "Say what it means under columns in the file's header.",
      });
    }
    return { name, type: String(types[i]), description };
  });
  const rows: Row[] = [];
  for await (const chunk of result.yieldRowObjectJson()) rows.push(...(chunk as Row[]));
  const { name, description, grain, text } = query;
  return { query: name, description, grain, sql: text, params: bound, columns, rows };
}

/** `2026-11-03 06:00:00`, as DuckDB writes UTC times, as ISO 8601. */
export function isoInstant(timestamp: string): string {
  return `${timestamp.replace(" ", "T").replace(/\.0+$/, "")}Z`;
}
