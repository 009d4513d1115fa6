import { UsageError } from "../errors/usage-error.ts";
import type { Warehouse } from "../warehouse.ts";

/** Table functions that reach nothing but what is given to them or stands in the catalog. */
const harmless = new Set([
  "unnest",
  "range",
  "generate_series",
  "duckdb_tables",
  "duckdb_columns",
  "duckdb_views",
]);

/**
 * Refuses what the settings of a sandbox don't keep from a query of a shared warehouse: the folder of its data has to
 * stay open to DuckDB, and the extensions that read its catalog reach others as well. So a query is one SELECT, from
 * tables, and from functions that reach nothing.
 *
 * @throws UsageError that names what is refused
 */
export async function refuseReachingOut(connection: Warehouse, sql: string): Promise<void> {
  const row = await connection.first<{ parsed: string }>(
    "select json_serialize_sql($sql::varchar)::varchar as parsed",
    { sql },
  );
  const parsed = JSON.parse(row?.parsed ?? "{}") as { error?: boolean; error_type?: string };
  if (parsed.error) {
    // What does not parse is told better by running it: nothing of it is done.
    if (parsed.error_type === "parser") return;
    throw new UsageError("Of a shared warehouse only a SELECT is taken.", {
      hint: "PIVOT, EXPLAIN and COPY are not; without --shared, they are.",
    });
  }
  visit(parsed, (node) => {
    if (node.type === "TABLE_FUNCTION") {
      const called = (node.function as { function_name?: string } | undefined)?.function_name ?? "";
      if (!harmless.has(called.toLowerCase())) {
        throw new UsageError(`${called}() can't be called on a shared warehouse.`, {
          hint: `Of functions that give rows, these can: ${[...harmless].join(", ")}.`,
        });
      }
    }
    if (node.type === "BASE_TABLE") {
      const names = [node.catalog_name, node.schema_name].filter((name) => typeof name === "string");
      if (names.some((name) => /^__ducklake_metadata/i.test(name))) {
        throw new UsageError("The catalog of a shared warehouse can't be queried.");
      }
    }
  });
}

function visit(value: unknown, look: (node: Record<string, unknown>) => void): void {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) look(value as Record<string, unknown>);
  for (const each of Object.values(value)) visit(each, look);
}
