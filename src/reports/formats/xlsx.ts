import { unzipSync, zipSync } from "fflate";
import writeXlsxFile, { type CellObject, type SheetData } from "write-excel-file/node";
import { isNumeric } from "../../result-cells.ts";
import type { Value } from "../../warehouse.ts";
import type { Dataset, DatasetColumn } from "../dataset.ts";
import { trimmed } from "../decimal.ts";
import type { TableFormat } from "./format.ts";
import { sheetNames } from "./sheet-names.ts";

// A spreadsheet reckons in doubles: 15 digits are exact, of which two are cents.
const wholeDigits = 13;
const longestText = 32_767;

/**
 * One workbook with a sheet for each table: numbers, days and times as such, and text that is never a formula. A
 * number is the double next to the exact one; one too large for its cents to be told is text, with all its digits.
 */
export const xlsx: TableFormat = {
  name: "xlsx",
  async filesOf(tables) {
    const names = sheetNames(tables.map(({ title }) => title));
    const sheets = tables.map(({ dataset }, i) => ({
      data: cellsOf(dataset),
      sheet: names[i] ?? "",
      columns: dataset.columns.map((column) => ({ width: widthOf(column, dataset) })),
      stickyRowsCount: 1,
    }));
    return new Map([["report.xlsx", withoutTimes(await writeXlsxFile(sheets).toBuffer())]]);
  },
};

function cellsOf({ columns, rows }: Dataset): SheetData {
  const head = columns.map(
    ({ name, type }): CellObject => ({
      ...textCell(name),
      fontWeight: "bold",
      align: isNumeric(type) ? "right" : "left",
    }),
  );
  return [head, ...rows.map((row) => columns.map(({ name, type }) => cellOf(row[name] ?? null, type)))];
}

function cellOf(value: Value, type: string): CellObject | null {
  if (value === null) return null;
  if (typeof value === "boolean") return { value, type: Boolean };
  if (isNumeric(type)) return numberCell(String(value), type);
  if (type === "DATE" || type === "TIMESTAMP") {
    const text = String(value);
    const time = new Date(type === "DATE" ? `${text}T00:00:00Z` : `${text.replace(" ", "T")}Z`);
    // Years outside of 1900 to 9999 have no number in a spreadsheet.
    const year = time.getUTCFullYear();
    if (!(year >= 1901 && year <= 9999)) return textCell(text);
    return { value: time, type: Date, format: type === "DATE" ? "yyyy-mm-dd" : "yyyy-mm-dd hh:mm:ss" };
  }
  return textCell(typeof value === "object" ? JSON.stringify(value) : String(value));
}

function numberCell(text: string, type: string): CellObject {
  const number = Number(text);
  const [whole = ""] = text.replace("-", "").split(".");
  if (!Number.isFinite(number)) return textCell(text);
  if (/^-?\d+(\.\d+)?$/.test(text) && whole.length > wholeDigits) {
    return { ...textCell(trimmed(text, 0)), align: "right" };
  }
  return { value: number, type: Number, format: numberFormat(type) };
}

function numberFormat(type: string): string {
  if (type === "FLOAT" || type === "DOUBLE") return "0.0000";
  const [, scale] = /^DECIMAL\(\d+,\s*(\d+)\)$/.exec(type) ?? [];
  if (scale === undefined || scale === "0") return "#,##0";
  // Prices have fewer decimals than amounts, and all of them matter.
  return Number(scale) < 10 ? "#,##0.00######" : "#,##0.00";
}

function textCell(text: string): CellObject {
  return { value: inCell(text), type: String };
}

/**
 * The text as a cell holds it. `_x0041_` would be read as an A, so that its first line is itself written that way; so
 * is the first letter of words that every JavaScript object knows, which the library takes for texts that it has had.
 */
function inCell(text: string): string {
  const shown = text.length > longestText ? `${text.slice(0, longestText - 1)}\u2026` : text;
  const escaped = shown.replace(/_(?=x[0-9a-f]{4}_)/gi, "_x005F_");
  if (!(escaped in Object.prototype)) return escaped;
  return `_x${escaped.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}_${escaped.slice(1)}`;
}

/** As wide as its longest text, within reason. */
function widthOf({ name, type }: DatasetColumn, { rows }: Dataset): number {
  if (type === "TIMESTAMP") return 20;
  const longest = rows.reduce((most, row) => {
    const value = row[name] ?? null;
    if (value === null) return most;
    const text = isNumeric(type) ? String(value).split(".")[0] : String(value);
    const extra = isNumeric(type) ? 5 : 0;
    return Math.max(most, (text?.length ?? 0) + extra);
  }, name.length + 1);
  return Math.min(60, Math.max(8, longest + 1));
}

/** The same archive with one time stamp for all, so that the same tables give the same bytes, in any time zone. */
function withoutTimes(archive: Uint8Array): Uint8Array {
  const files = unzipSync(archive);
  const mtime = new Date(1980, 0, 1);
  return zipSync(
    Object.fromEntries(Object.keys(files).map((path) => [path, [files[path] as Uint8Array, {}]])),
    {
      mtime,
    },
  );
}
