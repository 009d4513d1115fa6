import { tmpdir } from "node:os";
import { join } from "node:path";
import { attachTarget } from "../attach-target.ts";
import type { Config } from "../config.ts";
import type { Effects } from "../effects.ts";
import { ConfigError } from "../errors/config-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import { inMemory, openWarehouse, sqlText, type Warehouse } from "../warehouse.ts";
import type { Workspace } from "../workspace.ts";

/** The warehouse that several workspaces share, in the place of the published file. */
export interface SharedOptions {
  effects: Pick<Effects, "env">;
  /** The instant as of which a DuckLake is read; not given for now. */
  at?: Date;
}

/**
 * Opens the shared warehouse to read.
 *
 * @throws ConfigError where none is named
 */
export async function openShared(
  { workspace, config }: { workspace: Workspace; config: Config },
  { effects, at }: SharedOptions,
): Promise<Warehouse> {
  const { target } = config;
  if (target === undefined) {
    throw new ConfigError(`${workspace.tallyToml} names no warehouse that is shared.`, {
      hint: "Set target under [warehouse], or leave --shared away.",
    });
  }
  const connection = await openWarehouse(inMemory, config.warehouse);
  try {
    const { kind, catalog, explain } = await attachTarget(connection, { effects, workspace }, target, {
      isReadOnly: true,
      ...(at && { at }),
    });
    try {
      // Who only reads has no folder of data here to spill to.
      const spill = join(tmpdir(), `tally-sql-${process.pid}`);
      await connection.run(`set temp_directory = ${sqlText(spill)}; use ${catalog}`);
      const data =
        kind === "ducklake"
          ? await connection.first<{ value: string }>(
              `select value from __ducklake_metadata_${catalog}.ducklake_metadata where key = 'data_path'`,
            )
          : undefined;
      const place = target.dataPath ?? data?.value;
      if (place !== undefined) await connection.run(`set allowed_directories = [${sqlText(place)}]`);
    } catch (error) {
      throw explain(error, "can't be read");
    }
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

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
