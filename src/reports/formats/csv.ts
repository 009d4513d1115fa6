import { csvLine } from "../../csv.ts";
import type { Value } from "../../warehouse.ts";
import { type Dataset, isNumeric, isoInstant } from "../dataset.ts";
import { trimmed } from "../decimal.ts";
import type { TableFormat } from "./format.ts";

const byteOrderMark = "\ufeff";

/** A CSV for each table, as RFC 4180 has it, in UTF-8. */
export const csv: TableFormat = {
  name: "csv",
  filesOf: (tables, { settings }) =>
    new Map(
      tables.map(({ id, dataset }) => [
        `${id}.csv`,
        (settings.hasCsvBom ? byteOrderMark : "") + csvOf(dataset),
      ]),
    ),
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
