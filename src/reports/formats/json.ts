import { isNumeric, jsonOf } from "../../result-cells.ts";
import type { Value } from "../../warehouse.ts";
import { type Dataset, isoInstant } from "../dataset.ts";
import { trimmed } from "../decimal.ts";
import type { DataTable, FormatContext, TableFormat } from "./format.ts";

/** A JSON file for each table: what its columns mean, and its rows; amounts are numerals with all their decimals. */
export const json: TableFormat = {
  name: "json",
  filesOf: (tables, context) =>
    new Map(tables.map((table) => [`${table.id}.json`, jsonText(table, context)])),
};

function jsonText({ id, title, dataset }: DataTable, { facts }: FormatContext): string {
  const { columns, description } = dataset;
  const { period, build } = facts;
  const head = JSON.stringify(
    {
      schema_version: 1,
      name: id,
      title,
      description,
      [period.kind]: period.key,
      generated_at: isoInstant(build.built_at),
      tally_version: build.tally_version,
      columns,
    },
    null,
    2,
  );
  return `${head.slice(0, -2)},\n  "rows": ${jsonRows(dataset)}\n}\n`;
}

/** The rows of a dataset as an array of objects, one a line. */
export function jsonRows({ columns, rows }: Dataset): string {
  const kinds = columns.map(({ name, type }) => ({ name, type, key: JSON.stringify(name) }));
  const lines = rows.map((row) => {
    const cells = kinds.map(({ name, type, key }) => `${key}:${cellOf(row[name] ?? null, type)}`);
    return `    {${cells.join(",")}}`;
  });
  return lines.length === 0 ? "[]" : `[\n${lines.join(",\n")}\n  ]`;
}

function cellOf(value: Value, type: string): string {
  if (typeof value !== "string") return JSON.stringify(value);
  if (type.startsWith("DECIMAL")) return trimmed(value, 0);
  return jsonOf(type === "TIMESTAMP" ? isoInstant(value) : value, isNumeric(type));
}
