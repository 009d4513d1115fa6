import { csvLine } from "../../csv.ts";
import { isNumeric } from "../../result-cells.ts";
import type { Value } from "../../warehouse.ts";
import { type Dataset, isoInstant } from "../dataset.ts";
import { trimmed } from "../decimal.ts";
import { dataPackage } from "./datapackage.ts";
import type { TableFormat } from "./format.ts";

const byteOrderMark = "\ufeff";

/**
 * A CSV for each table, as RFC 4180 has it, in UTF-8, its lines ended by CR LF; and datapackage.json, which says what
 * their columns mean.
 */
export const csv: TableFormat = {
  name: "csv",
  filesOf(tables, context) {
    const mark = context.config.reports.hasCsvBom ? byteOrderMark : "";
    const resources = tables.map((table) => ({
      table,
      path: `${table.id}.csv`,
      text: mark + csvOf(table.dataset),
    }));
    return new Map([
      ...resources.map(({ path, text }): [string, string] => [path, text]),
      ["datapackage.json", dataPackage(resources, context)],
    ]);
  },
};

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

function csvText(value: Value, type: string): string {
  if (value === null) return "";
  if (typeof value === "string" && type.startsWith("DECIMAL")) return trimmed(value, 2);
  if (typeof value === "string" && type === "TIMESTAMP") return isoInstant(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
