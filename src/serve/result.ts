import type { DuckDBResult } from "@duckdb/node-api";
import { isNumeric, textOf } from "../result-cells.ts";

export interface ResultColumn {
  name: string;
  type: string;
  isNumber: boolean;
}

/** The rows of a result that a page shows. */
export interface ShownResult {
  columns: readonly ResultColumn[];
  /** Values as text, exact; null where there is none. */
  rows: readonly (readonly (string | null)[])[];
  /** Whether those are all. */
  isWhole: boolean;
}

export const mostShownRows = 1000;
/** Of one value; a browser can't show a megabyte in a cell. */
const mostValueCharacters = 2000;
const mostCharacters = 2_000_000;

/** Reads as much of a result as a page can show. */
export async function readShown(result: DuckDBResult): Promise<ShownResult> {
  const types = result.columnTypes().map(String);
  const columns = result.deduplicatedColumnNames().map((name, i) => {
    const type = types[i] ?? "";
    return { name, type, isNumber: isNumeric(type) };
  });
  const rows: (string | null)[][] = [];
  let characters = 0;
  for await (const chunk of result.yieldRowsJson()) {
    for (const row of chunk) {
      if (rows.length === mostShownRows || characters > mostCharacters) {
        return { columns, rows, isWhole: false };
      }
      const shown = row.map((value) => (value === null ? null : shortened(textOf(value))));
      for (const text of shown) characters += text?.length ?? 0;
      rows.push(shown);
    }
  }
  return { columns, rows, isWhole: true };
}

function shortened(text: string): string {
  return text.length > mostValueCharacters ? `${text.slice(0, mostValueCharacters)}…` : text;
}
