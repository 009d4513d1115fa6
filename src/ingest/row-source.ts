import { rm } from "node:fs/promises";
import { join } from "node:path";
import { sqlName, sqlText } from "../warehouse.ts";
import type { CellSql } from "./column-sql.ts";
import { csvRows } from "./csv-rows.ts";
import type { LandedFile, Landing } from "./land.ts";
import { arePlain, openPlain } from "./plain-rows.ts";
import type { Column, Stream } from "./streams.ts";
import { unwrapRows } from "./unwrap.ts";

/** Landed files as something that SQL can select from, and where each column's value stands in it. */
export interface RowSource extends CellSql {
  /** To stand after `from`. */
  relation: string;
  /** Removes what was written aside. */
  release(): Promise<void>;
}

/** A source that can also say where each row stands. */
export interface NumberedRows extends RowSource {
  /** The landed file that the row is from. */
  file: string;
  /** The row's number in its file: from 0 in JSON, from 1 below the header in CSV. */
  position: string;
  /** All of the row, to tell it from others by what tally does not know. */
  whole: string;
  /** JSON: the type of the row's value. */
  rowKind: string | null;
}

/** An answer larger than this is read by lines and not whole. */
const wholeBytes = 8 * 2 ** 20;

/** DuckDB reads by twice as much at a time; small parts let it read one file side by side. */
const longestLine = 4 * 2 ** 20;

interface OpenedFiles {
  /** The rows of each answer under `rowsKey`, if any, as they lie on disk or were written aside. */
  areLines: boolean;
  /** For each file to read, where it lies and which landed file it is. */
  files: readonly { path: string; landed: string }[];
  options: string;
  release(): Promise<void>;
}

async function open(stream: Stream, landed: readonly LandedFile[], landing: Landing): Promise<OpenedFiles> {
  const { rowsKey } = stream;
  // What is of another shape has no rows, and DuckDB would stumble over it.
  const files = landed.filter((file) => !file.misshape);
  const needsLines = files.some(
    (file) => file.bodyBytes > wholeBytes || file.hasLongNumbers || file.oddRows > 0,
  );
  const size = Math.max(2 ** 20, ...files.map((file) => file.bodyBytes + 1024));
  if (rowsKey === null || !needsLines) {
    return {
      areLines: false,
      files: files.map(({ path }) => ({ path: landing.absolute(path), landed: path })),
      options: `format = 'unstructured', compression = 'gzip', maximum_object_size = ${size}`,
      release: async () => undefined,
    };
  }
  const quotesNumbers = files.some((file) => file.hasLongNumbers);
  const lines: { path: string; landed: string }[] = [];
  for (const [index, file] of files.entries()) {
    const path = join(landing.scratch, `rows-${index}-${file.sha256.slice(0, 16)}.ndjson`);
    await unwrapRows(landing.absolute(file.path), rowsKey, quotesNumbers, path);
    lines.push({ path, landed: file.path });
  }
  return {
    areLines: true,
    files: lines,
    options: `format = 'newline_delimited', maximum_object_size = ${longestLine}`,
    release: async () => {
      for (const { path } of lines) await rm(path, { force: true });
    },
  };
}

/** Opens the landed usage of one load in the way that reads it fastest. */
export async function openUsage(
  stream: Stream,
  landed: readonly LandedFile[],
  landing: Landing,
): Promise<RowSource> {
  if (arePlain(landed)) return openPlain(stream, landed, landing);
  if (stream.format === "csv") return csvRows(stream, landed, landing);
  const { areLines, files, options, release } = await open(stream, landed, landing);
  const fields = stream.columns.filter((column) => !column.scope).map(fieldOf);
  const struct = fields.map((field) => `${sqlName(field)} varchar`).join(", ");
  const list = pathList(files);
  const rows = sqlName(stream.rowsKey ?? "");
  const relation =
    files.length === 0
      ? `(select ${fields.map((field) => `null::varchar as ${sqlName(field)}`).join(", ")} where false)`
      : areLines
        ? `read_json(${list}, columns = {${struct.replaceAll(" varchar", ": 'varchar'")}}, records = true, ${options})`
        : `(select unnest(${rows}, max_depth := 2)
            from read_json(${list}, columns = {${rows}: ${sqlText(`struct(${struct})[]`)}}, records = true, ${options}))`;
  const text = (column: Column) => `answer.${sqlName(fieldOf(column))}`;
  return { relation: `${relation} as answer`, text, json: text, release };
}

/** Opens landed JSON row by row, each with where it stands. It costs more, and knows more. */
export async function openItems(
  stream: Stream,
  landed: readonly LandedFile[],
  landing: Landing,
): Promise<NumberedRows> {
  const { areLines, files, options, release } = await open(stream, landed, landing);
  const list = pathList(files);
  const rows = sqlName(stream.rowsKey ?? "");
  const items =
    files.length === 0
      ? "select null::json as item, 0::bigint as position, null::varchar as filename where false"
      : stream.rowsKey === null
        ? `select item, 0::bigint as position, filename
           from read_json(${list}, columns = {item: 'json'}, records = false, filename = true, ${options})`
        : areLines
          ? files
              .map(
                ({ path }) =>
                  `select item, row_number() over () - 1 as position, ${sqlText(path)} as filename
                   from read_json(${sqlText(path)}, columns = {item: 'json'}, records = false, ${options})`,
              )
              .join(" union all ")
          : `select unnest(${rows}) as item, generate_subscripts(${rows}, 1) - 1 as position, filename
             from read_json(${list}, columns = {${rows}: 'json[]'}, records = true, filename = true, ${options})`;
  const names = files.map(({ path, landed: file }) => `(${sqlText(path)}, ${sqlText(file)})`);
  const named = names.length > 0 ? `values ${names.join(", ")}` : "select null, null where false";
  return {
    relation: `(
      select items.item, items.position, names.landed
      from (${items}) as items
      inner join (${named}) as names(filename, landed)
        on names.filename = items.filename
    ) as answer`,
    text: (column) => `json_extract_string(answer.item, ${sqlText(jsonPath(column))})`,
    json: (column) => `nullif(json_extract(answer.item, ${sqlText(jsonPath(column))}), 'null'::json)`,
    file: "answer.landed",
    position: "answer.position",
    whole: "answer.item::varchar",
    rowKind: "json_type(answer.item)",
    release,
  };
}

/** Under which name a column's value stands in a row of JSON. */
export const fieldOf = (column: Column): string => column.from ?? column.name;

const jsonPath = (column: Column): string =>
  `$.${fieldOf(column)
    .split(".")
    .map((part) => `"${part}"`)
    .join(".")}`;

const pathList = (files: readonly { path: string }[]): string =>
  `[${files.map(({ path }) => sqlText(path)).join(", ")}]`;
