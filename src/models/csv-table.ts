import { readFile } from "node:fs/promises";
import { CsvError, parse } from "csv-parse/sync";
import { ConfigError } from "../errors/config-error.ts";

/** A row of a CSV file: its cells by column name, trimmed, with null for an empty one. */
export interface CsvRow {
  /** The line on which the row starts; the header is line 1. */
  line: number;
  cells: Record<string, string | null>;
}

/** A CSV file: the names of its header in their order, and its rows. */
export interface CsvTable {
  columns: string[];
  rows: CsvRow[];
}

/**
 * Reads a CSV file by its header's names, in whatever order they stand. Lines that start with # and empty
 * lines are left out. Null where there is no such file.
 *
 * @throws ConfigError that names file, line and column of what is wrong
 */
export async function readCsvTable(
  path: string,
  columns: { all: readonly string[]; required: readonly string[] },
): Promise<CsvTable | null> {
  const text = await readText(path);
  if (text === null) return null;
  const [header, ...records] = parseRecords(text, path);
  if (!header) return { columns: [], rows: [] };
  const names = header.cells.map((name) => name.toLowerCase());
  checkHeader(names, header.line, path, columns);
  const rows = records
    .filter(({ cells }) => cells.some((cell) => cell !== ""))
    .map(({ line, cells }) => {
      if (cells.length > names.length) {
        throw new ConfigError(
          `${path}, line ${line}: the row has ${cells.length} cells, but the header names ${names.length} columns.`,
          {
            hint: "Put a text that holds a comma into double quotes, or take out the comma that is too many.",
          },
        );
      }
      const byName = Object.fromEntries(columns.all.map((name): [string, string | null] => [name, null]));
      names.forEach((name, at) => {
        byName[name] = cells[at] || null;
      });
      return { line, cells: byName };
    });
  return { columns: names, rows };
}

async function readText(path: string): Promise<string | null> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return null;
    throw new ConfigError(`${path} can't be read: ${code ?? "unknown error"}.`, {
      hint: "Make the file readable for the user that runs tally.",
      cause: error,
    });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ConfigError(`${path} is not UTF-8 text.`, {
      hint: "Save it once more as CSV with the encoding UTF-8.",
      cause: error,
    });
  }
}

function parseRecords(text: string, path: string): { line: number; cells: string[] }[] {
  try {
    const records = parse(text, {
      bom: true,
      info: true,
      comment: "#",
      comment_no_infix: true,
      skip_empty_lines: true,
      trim: true,
      relax_column_count: true,
    }) as unknown as { info: { lines: number }; record: string[] }[];
    return records.map(({ info, record }) => ({
      // The parser counts to the row's last line; a cell with line breaks makes that a later one.
      line: info.lines - record.join("").split(/\r\n|\n|\r/).length + 1,
      cells: record,
    }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error.lines === "number" ? error.lines : 1;
    throw new ConfigError(`${path}, line ${line}: the quotes are not as CSV has them.`, {
      hint: 'A cell with quotes starts and ends with one, and writes each quote inside it twice: "say ""so""".',
      cause: error,
    });
  }
}

function checkHeader(
  names: readonly string[],
  line: number,
  path: string,
  columns: { all: readonly string[]; required: readonly string[] },
): void {
  const mend = `The columns are ${columns.all.join(",")}.`;
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new ConfigError(
      `${path}, line ${line}: the column ${JSON.stringify(twice)} stands twice in the header.`,
      {
        hint: mend,
      },
    );
  }
  const unknown = names.find((name) => !columns.all.includes(name));
  if (unknown !== undefined) {
    const hint = unknown.includes(";") ? `Save the file with commas between the cells. ${mend}` : mend;
    throw new ConfigError(`${path}, line ${line}: ${JSON.stringify(unknown)} is no column of this file.`, {
      hint,
    });
  }
  const missing = columns.required.find((name) => !names.includes(name));
  if (missing !== undefined) {
    throw new ConfigError(`${path}, line ${line}: the column ${missing} is missing.`, { hint: mend });
  }
}
