import { UsageError } from "../errors/usage-error.ts";
import type { Params } from "../warehouse.ts";

/**
 * The values of `--param name=value`, for `$name` in a query. They are bound as text, never put into the query, and
 * DuckDB casts them to what they are compared with.
 *
 * @throws UsageError for one that is not of that form, or is given twice
 */
export function readParams(given: readonly string[]): Params {
  const params: Params = {};
  for (const text of given) {
    const [, name, value] = /^\$?([A-Za-z_]\w*)=([\s\S]*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError(`--param takes NAME=VALUE, and this is ${JSON.stringify(text)}.`, {
        hint: "For `$from` in the query, write --param from=2026-10-01.",
      });
    }
    if (Object.hasOwn(params, name)) {
      throw new UsageError(`--param ${name} is given twice.`, { hint: "Leave one of the two out." });
    }
    params[name] = value;
  }
  return params;
}

// Where a dollar sign is no parameter: comments, texts, quoted names, and texts between dollar signs.
const opaque = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$/g;

/** The names of the parameters of a query, in the order in which it has them. */
export function paramNames(sql: string): string[] {
  const bare = sql.replace(opaque, " ");
  return [...new Set([...bare.matchAll(/\$([A-Za-z_]\w*)/g)].flatMap(([, name]) => name ?? []))];
}
