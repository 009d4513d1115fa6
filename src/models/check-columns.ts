import { ConfigError } from "../errors/config-error.ts";
import type { Model } from "./project.ts";
import type { Column } from "./table-contents.ts";

/**
 * Holds the columns that a model made to those that its header describes.
 *
 * @throws ConfigError, with file and line, where one is missing or a public one has no meaning
 */
export function checkColumns({ layer, file, header, sql }: Model, columns: readonly Column[]): void {
  const produced = new Set(columns.map(({ name }) => name));
  const day = columns.find(({ name }) => name === header.incremental?.by);
  if (header.incremental && day && day.type !== "DATE") {
    throw new ConfigError(
      `${file}:${header.incremental.line}: it is incremental by ${header.incremental.by}, which is no DATE but ${day.type}.`,
      { hint: `Cast the column in the SELECT: ${header.incremental.by}::date.` },
    );
  }
  const absent = header.columns.find((column) => !produced.has(column.name));
  if (absent) {
    throw new ConfigError(
      `${file}:${absent.line}: the column ${absent.name} is described, but the SELECT does not produce it.`,
      {
        hint: `It produces ${[...produced].join(", ")}.`,
      },
    );
  }
  const declared = new Set(header.columns.map((column) => column.name));
  const undescribed = [...produced].find((column) => !declared.has(column));
  if (undescribed !== undefined && layer === "marts") {
    throw new ConfigError(
      `${file}:${lineOfWord(sql, undescribed) ?? header.columnsLine}: the column ${undescribed} is produced, but not described.`,
      {
        hint: "Say what it means under columns in the file's header: a public table has no column without a meaning.",
      },
    );
  }
}

/** The last line on which the name stands as a word: a model's last select names its columns. */
function lineOfWord(sql: string, word: string): number | undefined {
  const lines = sql.split("\n");
  const at = lines.findLastIndex((line) => line.split(/[^A-Za-z0-9_]+/).includes(word));
  return at < 0 ? undefined : at + 1;
}
