import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { packageRoot } from "../package.ts";
import { headerColumns, oneLine, parseHeader, splitSqlFile } from "../sql-header.ts";

const queryHeader = z.strictObject({
  description: z.string().min(1),
  grain: z.array(z.string().min(1)).min(1).optional(),
  columns: z.record(z.string(), z.string().min(1)),
});

/** One file of sql/reports: what its rows mean, and the query for them. */
export interface ReportQuery {
  /** The file's name without .sql. */
  name: string;
  /** The file's path as errors show it. */
  file: string;
  description: string;
  /** The columns that no two rows agree in; null where there are none such. */
  grain: readonly string[] | null;
  /** The meaning of each column. */
  meanings: ReadonlyMap<string, string>;
  /** The file's text, to be shown. */
  text: string;
  /** The parameters that it takes. */
  parameters: ReadonlySet<string>;
}

/**
 * Reads sql/reports/<name>.sql.
 *
 * @throws ConfigError that names the file and the line of a header that is not as it should be
 */
export async function readQuery(name: string): Promise<ReportQuery> {
  const file = `sql/reports/${name}.sql`;
  const text = await readFile(join(packageRoot, "sql", "reports", `${name}.sql`), "utf8");
  const { yaml, sql } = splitSqlFile(text, file);
  const parsed = parseHeader(
    yaml,
    file,
    queryHeader,
    "The header of a report's query has description, columns and, where there is one, grain.",
  );
  return {
    name,
    file,
    description: oneLine(parsed.data.description),
    grain: parsed.data.grain ?? null,
    meanings: new Map(headerColumns(parsed).map((column) => [column.name, column.description])),
    text,
    parameters: parametersOf(sql),
  };
}

function parametersOf(sql: string): Set<string> {
  const statement = sql.replace(/--.*$/gm, "");
  return new Set([...statement.matchAll(/\$([a-z_]+)/g)].map(([, name = ""]) => name));
}
