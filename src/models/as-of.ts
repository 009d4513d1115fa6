import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ConfigError } from "../errors/config-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import { instantSlug } from "../instant-slug.ts";
import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import type { Workspace } from "../workspace.ts";
import { type BuildSummary, build } from "./build.ts";
import { type ModelContext, timestampText } from "./context.ts";
import { createIdleHistory } from "./idle-history.ts";
import { publish } from "./publish.ts";

/** The database, beside the warehouse, that a build as of an instant works in. */
const catalog = "as_of";

/** The file that a build as of an instant is published to; it stands beside analytics.duckdb. */
export function analyticsAsOf({ analytics }: Workspace, instant: Date): string {
  return join(dirname(analytics), `${basename(analytics, ".duckdb")}@${instantSlug(instant)}.duckdb`);
}

/**
 * Builds and publishes every public table as a run at an earlier instant would have made it, from what was
 * known then. The warehouse's own tables and analytics.duckdb stay as they are: the models run in a database
 * of their own, in which the tables of schema raw are views that show what had been read by the instant.
 *
 * @returns the file that it is published to
 * @throws UsageError where the instant is yet to come, or nothing had been read by it
 */
export async function buildAsOf(
  context: ModelContext,
  instant: Date,
): Promise<{ analytics: string; summary: BuildSummary }> {
  const { workspace, warehouse } = context;
  await requireKnown(context, instant);
  const folder = dirname(workspace.warehouse);
  const file = join(folder, `.as-of-${process.pid}.duckdb`);
  await removeLeftovers(folder);
  const base = await warehouse.connect();
  try {
    await base.run(`attach ${sqlText(file)} as ${catalog}`);
    const analytics = analyticsAsOf(workspace, instant);
    const then: ModelContext = {
      ...context,
      effects: { ...context.effects, now: () => new Date(instant) },
      workspace: { ...workspace, analytics },
      warehouse: await connectTo(warehouse),
      asOf: instant,
    };
    try {
      const source = await currentDatabase(base);
      await createRawViews(then.warehouse, source, instant);
      await copyIdleHistory(then.warehouse, source);
      const summary = await build(then);
      await publish(then);
      return { analytics, summary };
    } finally {
      then.warehouse.close();
      await base.run(`detach ${catalog}`);
    }
  } finally {
    base.close();
    await removeLeftovers(folder);
  }
}

async function requireKnown({ effects, warehouse }: ModelContext, instant: Date): Promise<void> {
  const shown = instant.toISOString();
  const now = effects.now();
  if (instant > now) {
    throw new UsageError(`${shown} is yet to come, so what is known then can't be told.`, {
      hint: `Name an instant up to now, ${now.toISOString()}.`,
    });
  }
  const reads = await warehouse.first(
    "select 1 as found from duckdb_tables() where schema_name = 'raw' and table_name = 'read_windows'",
  );
  if (!reads) {
    throw new ConfigError("Nothing was read yet, so nothing can be built.", {
      hint: "Read the API first, with `tally ingest`.",
    });
  }
  const row = await warehouse.first<{ first_at: string | null }>(
    "select strftime(min(attempted_at), '%Y-%m-%dT%H:%M:%S.%gZ') as first_at from raw.read_windows",
  );
  if (row?.first_at && instant < new Date(row.first_at)) {
    throw new UsageError(`Nothing was known at ${shown}: the first reading was at ${row.first_at}.`, {
      hint: "Name an instant after that. Days before it are in every build; this is about when they were read.",
    });
  }
}

/** Only the holder of the workspace's lock builds: what others left is of a process that died. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const entry of await readdir(folder)) {
    if (/^\.as-of-\d+\.duckdb/.test(entry)) await rm(join(folder, entry), { force: true });
  }
}

/** The warehouse with the database of the instant as the one in which unqualified names are looked for. */
async function connectTo(warehouse: Warehouse): Promise<Warehouse> {
  const connection = await warehouse.connect();
  await connection.run(`use ${catalog}`);
  return { ...connection, connect: () => connectTo(warehouse) };
}

async function currentDatabase(connection: Warehouse): Promise<string> {
  const row = await connection.first<{ name: string }>("select current_database() as name");
  return row?.name ?? "";
}

/**
 * Makes schema raw of what was known: the one place that decides it, for tally's own models and a user's. What
 * was learnt later is not there, and what was replaced or closed later stands as current.
 */
async function createRawViews(connection: Warehouse, source: string, instant: Date): Promise<void> {
  const tables = await connection.all<{ name: string; columns: string[] }>(`
    select table_name as name, list(column_name) as columns
    from duckdb_columns()
    where database_name = ${sqlText(source)} and schema_name = 'raw'
    group by table_name
    order by table_name
  `);
  await connection.run("create schema raw");
  for (const { name, columns } of tables) {
    const from = `${sqlName(source)}.raw.${sqlName(name)}`;
    await connection.run(`create view raw.${sqlName(name)} as ${clipped(from, new Set(columns), instant)}`);
  }
}

/** The history that builds have kept; the models take from it what stood at the instant. */
async function copyIdleHistory(connection: Warehouse, source: string): Promise<void> {
  await connection.run("create schema meta");
  await createIdleHistory(connection);
  const kept = await connection.first(`
    select 1 as found
    from duckdb_tables()
    where database_name = ${sqlText(source)} and schema_name = 'meta' and table_name = 'idle_episode'
  `);
  if (kept) await connection.run(`insert into meta.idle_episode from ${sqlName(source)}.meta.idle_episode`);
}

function clipped(table: string, columns: ReadonlySet<string>, instant: Date): string {
  const then = `timestamp ${sqlText(timestampText(instant))}`;
  for (const [from, to] of historyColumns) {
    if (!columns.has(from) || !columns.has(to)) continue;
    return `
      select * replace (case when ${to} <= ${then} then ${to} end as ${to})
      from ${table}
      where ${from} <= ${then}`;
  }
  const happened = eventColumns.find((column) => columns.has(column));
  return `select * from ${table}${happened === undefined ? "" : ` where ${happened} <= ${then}`}`;
}

/** Since when and until when a row is what the API says. */
const historyColumns = [
  ["_known_from", "_known_to"],
  ["_valid_from", "_valid_to"],
] as const;

/** When the row of a table without history came about. */
const eventColumns = ["attempted_at", "loaded_at", "quarantined_at", "noted_at"];
