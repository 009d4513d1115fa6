import { sqlName } from "../warehouse.ts";
import type { PublishedColumn, PublishedTable } from "./published-tables.ts";

/** What Spark and Trino have no type for, or other engines not of the same meaning, and the type that holds as much. */
const types: Readonly<Record<string, string>> = {
  // DuckDB would write these as doubles, which lose digits.
  HUGEINT: "decimal(38, 0)",
  UHUGEINT: "decimal(38, 0)",
  UBIGINT: "decimal(20, 0)",
  UINTEGER: "bigint",
  USMALLINT: "integer",
  UTINYINT: "smallint",
  TIMESTAMP_NS: "timestamp",
  UUID: "varchar",
  TIME: "varchar",
  TIME_NS: "varchar",
  "TIME WITH TIME ZONE": "varchar",
  INTERVAL: "varchar",
  JSON: "varchar",
};

/** The columns of a table as every engine reads them from Parquet, as the expressions of a select. */
export function parquetValues({ columns }: Pick<PublishedTable, "columns">): string {
  return columns.map(parquetValue).join(", ");
}

function parquetValue({ name, type }: Pick<PublishedColumn, "name" | "type">): string {
  const column = sqlName(name);
  const [, element = "", lists = ""] = /^(.*?)((?:\[\d*\])*)$/.exec(type) ?? [];
  const other = types[element];
  if (other !== undefined) return `${column}::${other}${lists} as ${column}`;
  return holdsOthers(type) ? `to_json(${column})::varchar as ${column}` : column;
}

/** Whether a value inside a struct or a map is of such a type; DuckDB quotes a field's name that looks like one. */
function holdsOthers(type: string): boolean {
  const named = /"(?:[^"]|"")*"|'(?:[^']|'')*'|TIMESTAMP WITH TIME ZONE/g;
  const words = type.replaceAll(named, "").match(/[A-Z_]+/g) ?? [];
  return words.some((word) => types[word] !== undefined);
}
