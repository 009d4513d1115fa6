import { LoadError } from "../errors/load-error.ts";
import { sqlName, sqlText } from "../warehouse.ts";
import type { LandedFile, Landing } from "./land.ts";
import type { NumberedRows } from "./row-source.ts";
import type { Column, Stream } from "./streams.ts";

/** Where DuckDB keeps, for as long as the connection lasts, the lines of a CSV file that it could not take apart. */
export const rejected = { scans: "rejected_scans", lines: "rejected_lines" };

export interface CsvReading {
  /** Whether a line that can't be taken apart is left out, and noted in `rejected`. */
  skipsRejected?: boolean;
}

/** How a CSV answer with such a header is read: every cell as a text, `c0` and on. */
export function csvOptions(header: readonly string[]): string {
  const types = header.map((_, index) => `c${index}: 'varchar'`).join(", ");
  return `columns = {${types}}, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"'`;
}

/**
 * Landed CSV files as rows, by the names in their headers.
 *
 * @throws LoadError where a column that is required has no header
 */
export function csvRows(
  stream: Stream,
  files: readonly LandedFile[],
  landing: Landing,
  { skipsRejected = false }: CsvReading = {},
): NumberedRows {
  const columns = stream.columns.filter((column) => !column.scope);
  const selects = files
    .filter((file) => file.header.length > 0)
    .map((file) => {
      const cells = file.header.map((_, index) => `c${index}`);
      const mapped = columns.map((column) => {
        const index = headerIndex(column, file.header);
        return `${index === -1 ? "null::varchar" : `c${index}`} as ${sqlName(column.name)}`;
      });
      const options = [
        csvOptions(file.header),
        "compression = 'gzip'",
        // In its strict mode DuckDB 1.5 loses rows of a file whose line breaks are of several kinds.
        ...(file.isIrregular ? ["strict_mode = false"] : []),
        ...(skipsRejected
          ? [
              "ignore_errors = true, store_rejects = true",
              `rejects_scan = ${sqlText(rejected.scans)}, rejects_table = ${sqlText(rejected.lines)}`,
            ]
          : []),
      ];
      const read = `read_csv(${sqlText(landing.absolute(file.path))}, ${options.join(", ")})`;
      // What only a careful reading asks for is left out of a fast one by DuckDB itself.
      const extras = [
        `${sqlText(file.path)} as "_file"`,
        `to_json([${cells.join(", ")}])::varchar as "_whole"`,
        ...(skipsRejected ? [`row_number() over () as "_position"`] : []),
      ];
      return `select ${[...mapped, ...extras].join(", ")} from ${read}`;
    });
  const nothing = columns.map((column) => `null::varchar as ${sqlName(column.name)}`);
  const union =
    selects.length > 0
      ? selects.join(" union all ")
      : `select ${nothing.join(", ")}, null::varchar as "_file", null::varchar as "_whole", 0 as "_position" where false`;
  const text = (column: Column) => `answer.${sqlName(column.name)}`;
  return {
    relation: `(${union}) as answer`,
    text,
    json: text,
    file: `answer."_file"`,
    position: `answer."_position"`,
    whole: `answer."_whole"`,
    rowKind: null,
    release: async () => undefined,
  };
}

const normalized = (header: string): string => header.toLowerCase().replace(/[^a-z0-9]/g, "");

/**
 * The position of a column among a header's cells, by its own name first and then by its aliases.
 *
 * @throws LoadError where one that is required has none
 */
export function headerIndex(column: Column, header: readonly string[]): number {
  const cells = header.map(normalized);
  for (const name of [column.name, ...(column.aliases ?? [])]) {
    const index = cells.indexOf(normalized(name));
    if (index !== -1) return index;
  }
  if (!column.isRequired) return -1;
  const shown = header.map((cell) => JSON.stringify(cell.slice(0, 60))).join(", ");
  throw new LoadError(`the answer has no column ${column.from ?? column.name}; it has ${shown}`);
}
