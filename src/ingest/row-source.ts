import { rm } from "node:fs/promises";
import { join } from "node:path";
import { LoadError } from "../errors/load-error.ts";
import { sqlName, sqlText } from "../warehouse.ts";
import type { LandedFile, Landing } from "./land.ts";
import type { Column, Stream } from "./streams.ts";
import { unwrapRows } from "./unwrap.ts";

/** Landed files as something that SQL can select from, and where each column's value stands in it. */
export interface RowSource {
  /** To stand after `from`. */
  relation: string;
  /** The column's value as it came, as text. */
  text(column: Column): string;
  /** The column's value as it came, as JSON. */
  json(column: Column): string;
  /** Where DuckDB's reader is not to be trusted blindly: the number of rows that it has to find. */
  expectedRows: number | null;
  /** Removes what was written aside. */
  release(): Promise<void>;
}

/** An answer larger than this is read by lines and not whole. */
const wholeBytes = 8 * 2 ** 20;

/** DuckDB reads by twice as much at a time; small parts let it read one file side by side. */
const longestLine = 4 * 2 ** 20;

/**
 * Opens the landed files of one load. `isExact` gives each row that is identical in all that came with it,
 * known to tally or not, only once; it costs more, so it is for where a key comes twice.
 */
export async function openRows(
  stream: Stream,
  files: readonly LandedFile[],
  landing: Landing,
  isExact: boolean,
): Promise<RowSource> {
  if (stream.format === "csv") return csvRows(stream, files, landing, isExact);
  const { rowsKey } = stream;
  const needsLines = files.some((file) => file.bodyBytes > wholeBytes || file.hasLongNumbers);
  const quotesNumbers = files.some((file) => file.hasLongNumbers);
  const lines: string[] = [];
  if (rowsKey !== null && needsLines) {
    for (const [index, file] of files.entries()) {
      const target = join(landing.scratch, `rows-${index}-${file.sha256.slice(0, 16)}.ndjson`);
      await unwrapRows(landing.absolute(file.path), rowsKey, quotesNumbers, target);
      lines.push(target);
    }
  }
  const release = async () => {
    for (const line of lines) await rm(line, { force: true });
  };
  const paths = lines.length > 0 ? lines : files.map((file) => landing.absolute(file.path));
  const size = Math.max(2 ** 20, ...files.map((file) => file.bodyBytes + 1024));
  const options = lines.length
    ? `format = 'newline_delimited', maximum_object_size = ${longestLine}`
    : `format = 'unstructured', compression = 'gzip', maximum_object_size = ${size}`;
  const read = (columns: string, isRecord: boolean) =>
    `read_json(${sqlList(paths)}, columns = {${columns}}, records = ${isRecord}, ${options})`;

  if (stream.history === "usage" && !isExact && rowsKey !== null) {
    const fields = stream.columns.filter((column) => !column.scope).map(fieldOf);
    const relation = lines.length
      ? read(fields.map((field) => `${sqlName(field)}: 'varchar'`).join(", "), true)
      : `(select unnest(${sqlName(rowsKey)}, max_depth := 2) from ${read(
          `${sqlName(rowsKey)}: ${sqlText(`struct(${fields.map((field) => `${sqlName(field)} varchar`).join(", ")})[]`)}`,
          true,
        )})`;
    const text = (column: Column) => `answer.${sqlName(fieldOf(column))}`;
    return { relation: `${relation} as answer`, text, json: text, expectedRows: null, release };
  }
  const items =
    rowsKey === null || lines.length > 0
      ? `select item from ${read("item: 'json'", false)}`
      : `select unnest(${sqlName(rowsKey)}) as item from ${read(`${sqlName(rowsKey)}: 'json[]'`, true)}`;
  return {
    relation: `(${isExact ? items.replace("select", "select distinct") : items}) as answer`,
    text: (column) => `json_extract_string(answer.item, ${sqlText(jsonPath(column))})`,
    json: (column) => `nullif(json_extract(answer.item, ${sqlText(jsonPath(column))}), 'null'::json)`,
    expectedRows: null,
    release,
  };
}

const fieldOf = (column: Column): string => column.from ?? column.name;

const jsonPath = (column: Column): string =>
  `$.${fieldOf(column)
    .split(".")
    .map((part) => `"${part}"`)
    .join(".")}`;

const sqlList = (texts: readonly string[]): string => `[${texts.map(sqlText).join(", ")}]`;

function csvRows(
  stream: Stream,
  files: readonly LandedFile[],
  landing: Landing,
  isExact: boolean,
): RowSource {
  const columns = stream.columns.filter((column) => !column.scope);
  const selects = files
    .filter((file) => file.header.length > 0)
    .map((file) => {
      const cells = file.header.map((_, index) => `c${index}`);
      const mapped = columns.map((column) => {
        const index = headerIndex(column, file.header);
        return `${index === -1 ? "null::varchar" : `c${index}`} as ${sqlName(column.name)}`;
      });
      // All cells of a row, to tell rows apart by columns that tally does not know.
      const whole = `to_json([${cells.join(", ")}])::varchar as whole`;
      const read = `read_csv(${sqlText(landing.absolute(file.path))}, columns = {${cells
        .map((cell) => `${cell}: 'varchar'`)
        .join(
          ", ",
        )}}, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', compression = 'gzip'${
        // In its strict mode DuckDB 1.5 loses rows of a file whose line breaks are of several kinds.
        file.isIrregular ? ", strict_mode = false" : ""
      })`;
      return `select ${[...mapped, ...(isExact ? [whole] : [])].join(", ")} from ${read}`;
    });
  const nothing = `select ${columns.map((column) => `null::varchar as ${sqlName(column.name)}`).join(", ")} where false`;
  const union = selects.length > 0 ? selects.join(" union all ") : nothing;
  const text = (column: Column) => `answer.${sqlName(column.name)}`;
  return {
    relation: `(${isExact ? `select distinct * from (${union})` : union}) as answer`,
    text,
    json: text,
    expectedRows:
      !isExact && files.some((file) => file.isIrregular)
        ? files.reduce((sum, file) => sum + file.rows, 0)
        : null,
    release: async () => undefined,
  };
}

const normalized = (header: string): string => header.toLowerCase().replace(/[^a-z0-9]/g, "");

/** The position of a column among a header's cells, by its own name first and then by its aliases. */
function headerIndex(column: Column, header: readonly string[]): number {
  const cells = header.map(normalized);
  for (const name of [column.name, ...(column.aliases ?? [])]) {
    const index = cells.indexOf(normalized(name));
    if (index !== -1) return index;
  }
  if (!column.isRequired) return -1;
  const shown = header.map((cell) => JSON.stringify(cell.slice(0, 60))).join(", ");
  throw new LoadError(`the answer has no column ${column.from ?? column.name}; it has ${shown}`);
}
