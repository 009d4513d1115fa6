import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Config } from "../config.ts";
import type { Effects } from "../effects.ts";
import { ConfigError } from "../errors/config-error.ts";
import { TallyError } from "../errors/tally-error.ts";
import { createRawTables } from "../ingest/raw-tables.ts";
import { createIdleHistory } from "../models/idle-history.ts";
import { metaTables } from "../models/meta.ts";
import { loadProject, projectRoots } from "../models/project.ts";
import { isNewerVersion, packageVersion } from "../package.ts";
import { syncToDisk } from "../sync-to-disk.ts";
import { openWarehouse, removeDatabase, sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import type { Workspace } from "../workspace.ts";
import { type AttachedTarget, attachToRead } from "./attach.ts";
import { filesTable, type RestoredFiles, writeKeptFiles } from "./kept-files.ts";
import { requireTarget } from "./read.ts";
import { columnsThere, type SharedSchema } from "./tables-there.ts";
import { chooseWorkspace, ownIds, readWriters, type Writer } from "./writers.ts";

export interface RestoreContext {
  effects: Effects;
  workspace: Workspace;
  config: Config;
}

export interface RestoreOptions {
  /** The instant as of which a DuckLake is read; not given for the last commit. */
  at?: Date;
  /** Whether a warehouse that is here gives way. */
  isReplaced?: boolean;
}

export interface Restored {
  place: string;
  workspace: string;
  /** When the workspace wrote there last. */
  committedAt: Date;
  tables: number;
  rows: number;
  /** Whether the history of findings was there; an older version of tally did not commit it. */
  hasHistory: boolean;
  /** Public tables that are there and that no model here makes, such as those of one's own models. */
  unmade: string[];
  files: RestoredFiles;
}

/**
 * Makes this workspace what it was at its last commit to the shared warehouse: every raw table, the history of findings,
 * the CSVs that it keeps, and its log. All of it is made aside, and the warehouse takes its place by one rename at the end;
 * what a killed process leaves is made good by doing it again. From the next commit on, this machine is the one that
 * writes under the name.
 *
 * The public tables are not brought: `tally build` makes them of these. Whoever calls this holds the lock.
 *
 * @throws ConfigError where a warehouse is here already, or no shared one is named or there
 * @throws UsageError where the shared one has no workspace of this name
 */
export async function restore(
  context: RestoreContext,
  { at, isReplaced }: RestoreOptions = {},
): Promise<Restored> {
  const { workspace, config } = context;
  const target = requireTarget(config, workspace);
  if (existsSync(workspace.warehouse) && !isReplaced) {
    throw new ConfigError(`There is a warehouse here already: ${workspace.warehouse}.`, {
      hint: "What it holds and the shared one does not would be lost. Move it away, or have it replaced with --replace.",
    });
  }
  const aside = `${workspace.warehouse}.restored`;
  await removeDatabase(aside);
  try {
    const connection = await openWarehouse(aside, config.warehouse);
    let brought: Awaited<ReturnType<typeof bringTables>>;
    let files: RestoredFiles;
    try {
      const attached = await attachToRead(connection, context, target, at);
      try {
        const writer = chooseWorkspace(await readWriters(connection, attached), [], {
          ...{ target, attached },
          reading: { of: target.writer, ...(at && { at }) },
          hint: "Set writer under [warehouse] to the name that it had there: the next run writes under it.",
        });
        refuseNewer(writer);
        brought = await bringTables(connection, attached, writer);
        files = await writeKeptFiles(workspace, await keptFiles(connection, attached, writer));
        await takeName(workspace.id, writer);
        await connection.run(`detach ${attached.catalog}; checkpoint`);
      } catch (error) {
        throw attached.explain(error, "can't be read");
      }
    } finally {
      connection.close();
    }
    await sync(aside);
    await rm(`${workspace.warehouse}.wal`, { force: true });
    await rename(aside, workspace.warehouse);
    await sync(dirname(workspace.warehouse));
    const { published, ...restored } = brought;
    return { ...restored, files, unmade: await unmadeOf(workspace, published) };
  } finally {
    await removeDatabase(aside);
  }
}

/** @throws ConfigError where another version of tally than this wrote there, and a later one */
function refuseNewer({ workspace, tallyVersion }: Writer): void {
  if (!isNewerVersion(tallyVersion, packageVersion())) return;
  throw new ConfigError(
    `${workspace} was last written by tally ${tallyVersion}, which is newer than this one (${packageVersion()}).`,
    { hint: "Install that version or a later one: an older tally may not know its tables." },
  );
}

/** Brings the raw tables of one workspace, and the history of its findings, into those of a connection. */
export async function bringTables(
  connection: Warehouse,
  attached: Pick<AttachedTarget, "catalog" | "shown">,
  { workspace, committedAt }: Writer,
): Promise<Omit<Restored, "files" | "unmade"> & { published: string[] }> {
  await createRawTables(connection);
  await connection.run("create schema if not exists meta");
  await createIdleHistory(connection);
  const known = await connection.all<{ name: string }>(
    `select distinct table_name as name from ${attached.catalog}.main.meta_copy where workspace = $workspace order by name`,
    { workspace },
  );
  let tables = 0;
  let rows = 0;
  const published: string[] = [];
  for (const { name } of known) {
    const [, schema, table] = /^(raw|meta)\.(.*)$/s.exec(name) ?? [];
    if (table === undefined) published.push(name);
    if (table === undefined || table === filesTable) continue;
    rows += await bringTable(
      connection,
      attached.catalog,
      schema === "raw" ? "raw" : "meta",
      table,
      workspace,
    );
    tables++;
  }
  const hasHistory = known.some(({ name }) => name === "meta.idle_episode");
  return { place: attached.shown, workspace, committedAt, tables, rows, hasHistory, published };
}

async function unmadeOf(workspace: Workspace, published: readonly string[]): Promise<string[]> {
  const { models } = await loadProject(projectRoots(workspace));
  const made = new Set([...models.map(({ name }) => name), ...metaTables.map(({ name }) => `meta_${name}`)]);
  return published.filter((name) => !made.has(name));
}

/** Brings the rows of one table; one that this version does not know, and a column of such, come as they are there. */
async function bringTable(
  connection: Warehouse,
  catalog: string,
  schema: SharedSchema,
  table: string,
  workspace: string,
): Promise<number> {
  const there = `${catalog}.${schema}.${sqlName(table)}`;
  const here = `${schema}.${sqlName(table)}`;
  const isOwn = `workspace = ${sqlText(workspace)}`;
  const columns = await columnsThere(connection, catalog, schema, table);
  columns.delete("workspace");
  const own = await connection.all<{ name: string }>(
    "select column_name as name from duckdb_columns() where database_name = current_database() and schema_name = $schema and table_name = $table",
    { schema, table },
  );
  const names = new Set(own.map(({ name }) => name));
  if (names.size === 0) {
    const list = [...columns].map(([name, type]) => `${sqlName(name)} ${type}`);
    await connection.run(`create table ${here} (${list.join(", ")})`);
  } else {
    for (const [name, type] of columns) {
      // Another workspace, of another version, may have brought a column there that is none of this one's.
      if (names.has(name) || !(await holdsAny(connection, there, name, isOwn))) continue;
      await connection.run(`alter table ${here} add column ${sqlName(name)} ${type}`);
      names.add(name);
    }
  }
  const list = [...columns.keys()].filter((name) => names.size === 0 || names.has(name)).map(sqlName);
  const row = await connection.first<{ Count: string }>(
    `insert into ${here} by name select ${list.join(", ")} from ${there} where ${isOwn}`,
  );
  return Number(row?.Count ?? 0);
}

async function holdsAny(
  connection: Warehouse,
  table: string,
  column: string,
  isOwn: string,
): Promise<boolean> {
  const row = await connection.first(
    `select 1 from ${table} where ${isOwn} and ${sqlName(column)} is not null limit 1`,
  );
  return row !== undefined;
}

/** The files of the workspace as they lie there, in Base64; none where an older version wrote. */
async function keptFiles(
  connection: Warehouse,
  { catalog }: AttachedTarget,
  { workspace }: Writer,
): Promise<{ path: string; content: string }[]> {
  if ((await columnsThere(connection, catalog, "meta", filesTable)).size === 0) return [];
  return connection.all<{ path: string; content: string }>(
    `select path, to_base64(content) as content from ${catalog}.meta.${filesTable} where workspace = $workspace`,
    { workspace },
  );
}

/**
 * Gives the workspace an id of its own, and has it follow the one that writes there: once it commits, the machine that had
 * that id is refused, should it still be alive.
 */
async function takeName(path: string, { id }: Writer): Promise<void> {
  if ((await ownIds(path)).includes(id)) return;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${randomUUID()}\n${id}\n`);
}

/** Puts on the disk what was written, so that no power cut leaves a new name with half of it. */
async function sync(path: string): Promise<void> {
  await syncToDisk(path).catch((error: NodeJS.ErrnoException) => {
    throw new TallyError(`${path} can't be written: ${error.code}.`, { cause: error });
  });
}
