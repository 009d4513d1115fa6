import type { z } from "zod";
import { ConfigError } from "./errors/config-error.ts";
import { type KeyLines, readHeaderYaml } from "./header-yaml.ts";

/** A file of sql/: the YAML of its header, and its SQL with the header blanked out, so that line numbers stay true. */
export interface SqlFile {
  yaml: string;
  sql: string;
}

/** What a header says of one column, with the line of the file that says it. */
export interface HeaderColumn {
  name: string;
  description: string;
  line: number;
}

/** A header that was checked, and the line at which a part of it stands. */
export interface ParsedHeader<T> {
  data: T;
  lineOf: (path: readonly PropertyKey[]) => number;
}

/**
 * Parts the comment that leads a file of sql/ from its SQL.
 *
 * @throws ConfigError where the file does not start with one
 */
export function splitSqlFile(text: string, file: string): SqlFile {
  const match = /^\s*\/\*([\s\S]*?)\*\//.exec(text);
  if (!match?.[1]) {
    throw new ConfigError(`${file}:1: the file does not start with its description.`, {
      hint: "Begin it with /* … */ that holds YAML: description, grain, columns.",
    });
  }
  const before = match[0].indexOf("/*") + 2;
  return {
    // The lines before the YAML stay in it as empty ones: its line numbers are the file's.
    yaml: blank(text.slice(0, before)) + match[1],
    sql: blank(match[0]) + text.slice(match[0].length),
  };
}

function blank(text: string): string {
  return text.replace(/[^\n]+/g, "");
}

/**
 * Reads a header's YAML, and checks it.
 *
 * @param takes what a header of this kind may have, as a sentence
 * @throws ConfigError that names the file and the line
 */
export function parseHeader<T>(
  yaml: string,
  file: string,
  schema: z.ZodType<T>,
  takes: string,
): ParsedHeader<T> {
  const { data, lines } = readHeaderYaml(yaml, file);
  const lineOf = (path: readonly PropertyKey[]) => lineAt(lines, path);
  const parsed = schema.safeParse(data);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue?.path ?? [];
    throw new ConfigError(
      `${file}:${lineOf(path)}: the header's ${path.join(".") || "YAML"} is not as it should be: ${issue?.message ?? "invalid"}.`,
      { hint: takes },
    );
  }
  return { data: parsed.data, lineOf };
}

/** The line of the last key of a path that the header has; 1 where it has none. */
function lineAt(lines: KeyLines, path: readonly PropertyKey[]): number {
  let line = 1;
  let keys = lines;
  for (const key of path.map(String)) {
    const found = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (!found) break;
    [line, keys] = found;
  }
  return line;
}

/** The columns that a header describes, in its order. */
export function headerColumns({
  data,
  lineOf,
}: ParsedHeader<{ columns: Record<string, string> }>): HeaderColumn[] {
  return Object.entries(data.columns).map(([name, description]) => ({
    name,
    description: oneLine(description),
    line: lineOf(["columns", name]),
  }));
}

/** A text of YAML without its line breaks. */
export function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, " ");
}
