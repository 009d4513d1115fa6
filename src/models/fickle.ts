/** Whether a node of DuckDB's parse stands for something that tables alone do not tell: a clock, chance, a file. */
export function isFickle(node: Record<string, unknown>): boolean {
  if (node.type === "TABLE_FUNCTION") {
    return !repeatableTables.has(
      nameOf((node.function as Record<string, unknown> | undefined)?.function_name),
    );
  }
  if (node.class === "FUNCTION") return isFickleName(nameOf(node.function_name));
  const { column_names: names } = node;
  if (Array.isArray(names) && names.length === 1 && fickleWords.has(nameOf(names[0]))) return true;
  return typeof node.sample === "object" && node.sample !== null;
}

/** The table functions whose rows follow from their arguments alone. */
const repeatableTables = new Set([
  "generate_series",
  "generate_subscripts",
  "json_each",
  "json_tree",
  "range",
  "regexp_split_to_table",
  "repeat",
  "repeat_row",
  "unnest",
]);

/** What is parsed as a column, and is a function where there is no such column. */
const fickleWords = new Set([
  "current_catalog",
  "current_date",
  "current_role",
  "current_schema",
  "current_time",
  "current_timestamp",
  "current_user",
  "localtime",
  "localtimestamp",
  "session_user",
  "user",
]);

function isFickleName(name: string): boolean {
  return fickleNames.has(name) || /^(current_|duckdb_|get_|has_|local|pg_|uuid)/.test(name);
}

/** The other functions that DuckDB does not call consistent, and those that take today where they are given one time. */
const fickleNames = new Set([
  "age",
  "ago",
  "currval",
  "error",
  "gen_random_uuid",
  "getenv",
  "getvariable",
  "in_search_path",
  "nextval",
  "now",
  "random",
  "session_user",
  "setseed",
  "sleep_ms",
  "stats",
  "today",
  "transaction_timestamp",
  "txid_current",
  "user",
  "write_log",
]);

function nameOf(value: unknown): string {
  return typeof value === "string" ? value.toLowerCase() : "";
}
