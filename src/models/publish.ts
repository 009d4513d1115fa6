import { existsSync } from "node:fs";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { TallyError } from "../errors/tally-error.ts";
import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { type ModelContext, openModelConnection } from "./context.ts";
import { commentStatements, type MetaTable, metaTables } from "./meta.ts";
import { loadProject, type Model, projectRoots } from "./project.ts";
import { loadRunHistory } from "./run-history.ts";

/** The oldest storage format that holds all that is published: DuckDB 1.0 and later open it. */
const storageVersion = "v1.0.0";

/**
 * Tables of more rows keep the order that they were loaded in, which is by windows of days: to sort millions
 * of rows takes as long as to write them, and spills to the disk.
 */
const mostRowsSorted = 1_000_000;

/**
 * Writes analytics.duckdb from the warehouse: the marts and the tables about the build, in schema main, each
 * with its comments, and its rows in the order of its grain unless they are millions. The new file is written
 * beside the old one and takes its place by one rename, so that a reader has one or the other, and is never
 * in the way.
 *
 * @throws TallyError where a mart was never built, or the folder can't be written
 */
export async function publish({ effects, workspace, warehouse, asOf }: ModelContext): Promise<void> {
  const { models } = await loadProject(projectRoots(workspace));
  const marts = models.filter((model) => model.layer === "marts");
  const folder = dirname(workspace.analytics);
  const next = join(folder, `.${basename(workspace.analytics)}.next-${process.pid}`);
  const startedAt = effects.wallClock().getTime();
  await mkdir(folder, { recursive: true });
  await removeLeftovers(folder, basename(workspace.analytics));
  const connection = await openModelConnection(warehouse);
  try {
    await loadRunHistory(connection, workspace, asOf);
    await requireBuilt(connection, marts);
    await writeTables(connection, marts, next);
    await sync(next);
    await rename(next, workspace.analytics);
    await sync(folder);
  } catch (error) {
    throw publishError(workspace.analytics, error);
  } finally {
    connection.close();
    await removeLeftovers(folder, basename(workspace.analytics));
  }
  effects.log.detail(`published ${marts.length} tables in ${effects.wallClock().getTime() - startedAt} ms`);
}

/** Only the holder of the workspace's lock publishes: what others left is of a run that died. */
async function removeLeftovers(folder: string, name: string): Promise<void> {
  for (const entry of await readdir(folder)) {
    if (entry.startsWith(`.${name}.next-`)) await rm(join(folder, entry), { force: true, recursive: true });
  }
}

async function requireBuilt(connection: Warehouse, marts: readonly Model[]): Promise<void> {
  const rows = await connection.all<{ table_name: string }>(`
    select table_name from duckdb_tables() where database_name = current_database() and schema_name = 'marts'
    union all
    select view_name from duckdb_views() where database_name = current_database() and schema_name = 'marts'
    union all
    select 'meta.' || table_name from duckdb_tables() where database_name = current_database() and schema_name = 'meta'
  `);
  const built = new Set(rows.map((row) => row.table_name));
  const missing =
    marts.find((mart) => !built.has(mart.name))?.name ??
    metaTables.find(({ name }) => !built.has(`meta.${name}`))?.name;
  if (missing !== undefined) {
    throw new TallyError(`${missing} was never built, so there is nothing to publish.`, {
      hint: "Build every model with `tally build`, without --select.",
    });
  }
}

async function writeTables(connection: Warehouse, marts: readonly Model[], path: string): Promise<void> {
  await connection.run(`attach ${sqlText(path)} as published (storage_version ${sqlText(storageVersion)})`);
  try {
    for (const mart of marts) await connection.transaction(() => writeMart(connection, mart));
    for (const table of metaTables) await connection.transaction(() => writeMeta(connection, table));
    await connection.run("checkpoint published");
  } finally {
    await connection.run("detach published");
  }
}

async function writeMart(connection: Warehouse, { name, header }: Model): Promise<void> {
  const columns = header.columns.map((column) => sqlName(column.name)).join(", ");
  const counted = await connection.first<{ rows: string }>(
    `select count(*) as rows from marts.${sqlName(name)}`,
  );
  const isSorted = Number(counted?.rows ?? 0) <= mostRowsSorted;
  await connection.run(`
    create table published.main.${sqlName(name)} as
    select ${columns}
    from marts.${sqlName(name)}
    ${isSorted ? `order by ${header.grain.map((column) => `${sqlName(column)} nulls first`).join(", ")}` : ""}
  `);
  await connection.run(
    commentStatements("table", `published.main.${sqlName(name)}`, header.description, header.columns),
  );
}

async function writeMeta(
  connection: Warehouse,
  { name, description, columns, order }: MetaTable,
): Promise<void> {
  const table = `published.main.meta_${name}`;
  await connection.run(`
    create table ${table} as
    select ${columns.map((column) => `${sqlName(column.from)} as ${sqlName(column.name)}`).join(", ")}
    from meta.${name}
    order by ${order.map(sqlName).join(", ")}
  `);
  await connection.run(commentStatements("table", table, description, columns));
}

/** Puts on the disk what was written, so that no power cut leaves a new name with old or half content. */
async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function publishError(path: string, error: unknown): unknown {
  if (error instanceof TallyError) return error;
  const reason = error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error);
  const old = existsSync(path) ? " The file of the last run is still there, as it was." : "";
  return new TallyError(`${path} can't be written: ${reason}.${old}`, {
    hint: "See that the folder can be written, and that its disk has room for a second copy of the file.",
    cause: error,
  });
}
