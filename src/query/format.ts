import type { DuckDBResult, Json } from "@duckdb/node-api";
import { csvLine } from "../csv.ts";
import { printable } from "../printable.ts";
import { isNumeric, jsonOf, textOf } from "../result-cells.ts";

export const rowFormats = ["table", "csv", "json", "markdown"] as const;

export type RowFormat = (typeof rowFormats)[number];

/** Where rows are printed to; what `write` throws ends the printing. */
export interface Output {
  write(text: string): boolean;
  once(event: "drain", listener: () => void): unknown;
}

interface Printer {
  head(): string;
  /** A chunk of rows, in the order of the columns. */
  rows(rows: readonly Json[][]): string;
  foot(): string;
}

/** Prints a result as it is read, in memory that does not grow with its rows. */
export async function printRows(result: DuckDBResult, format: RowFormat, output: Output): Promise<void> {
  const columns = result.deduplicatedColumnNames();
  const isNumber = result.columnTypes().map((type) => isNumeric(String(type)));
  const printer = printers[format](columns, isNumber);
  const write = async (text: string) => {
    if (text && !output.write(text))
      await new Promise<void>((resume) => output.once("drain", () => resume()));
  };
  await write(printer.head());
  if (format === "table") await loadWidths([columns]);
  for await (const rows of result.yieldRowsJson()) {
    if (format === "table") await loadWidths(rows);
    await write(printer.rows(rows));
  }
  await write(printer.foot());
}

const printers: Record<RowFormat, (columns: readonly string[], isNumber: readonly boolean[]) => Printer> = {
  csv: (columns, isNumber) => ({
    head: () => csvLine(columns.map((name) => ({ text: name, isNumber: false }))),
    rows: (rows) =>
      rows
        .map((row) =>
          csvLine(row.map((value, i) => ({ text: textOf(value), isNumber: isNumber[i] ?? false }))),
        )
        .join(""),
    foot: () => "",
  }),
  json: (columns, isNumber) => {
    let count = 0;
    const names = columns.map((name) => JSON.stringify(name));
    const object = (row: readonly Json[]) =>
      `{${names.map((name, i) => `${name}:${jsonOf(row[i] ?? null, isNumber[i] ?? false)}`).join(",")}}`;
    return {
      head: () => "[",
      rows: (rows) => rows.map((row) => `${count++ === 0 ? "\n" : ",\n"}${object(row)}`).join(""),
      foot: () => (count === 0 ? "]\n" : "\n]\n"),
    };
  },
  markdown: (columns, isNumber) => {
    const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
    const cell = (value: Json) =>
      printable(textOf(value))
        .replace(/([\\|<])/g, "\\$1")
        .replace(/\s*\n\s*/g, "<br>");
    return {
      head: () => line(columns.map(cell)) + line(isNumber.map((each) => (each ? "---:" : "---"))),
      rows: (rows) => rows.map((row) => line(row.map(cell))).join(""),
      foot: () => "",
    };
  },
  table: (columns, isNumber) => {
    // Widths come from the first chunk, so that the table can be printed as it is read.
    let widths: number[] | undefined;
    const line = (cells: readonly string[]) =>
      `${cells
        .map((cell, i) => pad(cell, widths?.[i] ?? 0, isNumber[i] ?? false))
        .join("  ")
        .trimEnd()}\n`;
    const begin = (rows: readonly string[][]) => {
      widths = columns.map((name, i) => Math.max(widthOf(name), ...rows.map((row) => widthOf(row[i] ?? ""))));
      return line(columns) + line(widths.map((width) => "─".repeat(width)));
    };
    return {
      head: () => "",
      rows(rows) {
        const cells = rows.map((row) => row.map((value) => cellOf(value)));
        return (widths ? "" : begin(cells)) + cells.map(line).join("");
      },
      foot: () => (widths ? "" : begin([])),
    };
  },
};

function cellOf(value: Json): string {
  return printable(textOf(value)).replace(/\s*\n\s*/g, " ");
}

function pad(text: string, width: number, isRight: boolean): string {
  const blanks = " ".repeat(Math.max(0, width - widthOf(text)));
  return isRight ? blanks + text : text + blanks;
}

const isPlain = (text: string) => /^[\x20-\x7e]*$/.test(text);

/** The widths of texts that are not plain; its tables of Unicode take longer to load than a small query. */
let stringWidth: ((text: string) => number) | undefined;

async function loadWidths(rows: readonly Json[][]): Promise<void> {
  if (stringWidth === undefined && rows.some((row) => !row.every((value) => isPlain(textOf(value))))) {
    stringWidth = (await import("string-width")).default;
  }
}

/** How many columns of a terminal a text takes. */
function widthOf(text: string): number {
  return isPlain(text) ? text.length : (stringWidth?.(text) ?? text.length);
}
