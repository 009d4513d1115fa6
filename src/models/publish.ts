import { constants, existsSync } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { TallyError } from "../errors/tally-error.ts";
import { syncToDisk } from "../sync-to-disk.ts";
import { sqlName, type Warehouse } from "../warehouse.ts";
import { type ModelContext, openModelConnection } from "./context.ts";
import { createGraph } from "./graph.ts";
import { type DayPlan, planDays } from "./incremental.ts";
import { readInputs } from "./inputs.ts";
import {
  changeOf,
  createPublishedTable,
  lastPublished,
  type PublishedTable,
  recordPublished,
  type TableChange,
} from "./last-published.ts";
import { metaTables } from "./meta.ts";
import { loadProject, type Model, projectRoots } from "./project.ts";
import { dropOthers, writeMart, writeMeta, writePublished } from "./published-file.ts";
import { loadRunHistory } from "./run-history.ts";
import { countRows, tableSizes } from "./table-sizes.ts";

/**
 * Tables of more rows are not sorted, and of those that are made by day only days that changed are written: to
 * sort and write hundreds of thousands of rows each night takes longer than to compute them.
 */
const mostRowsSorted = 100_000;

/** A file that grew so much beyond what it had when it was written as a whole is written as a whole again. */
const mostGrowth = { share: 1.25, bytes: 8 * 1024 * 1024 };

const anew: TableChange = { kind: "whole" };

interface MartToWrite {
  mart: Model;
  /** What is known of it in the last file; null where nothing is kept of this one. */
  table: PublishedTable | null;
  /** Whether it has more rows than are sorted. */
  isLarge: boolean;
  change: TableChange;
}

export interface PublishOptions {
  /** Whether nothing is taken from the last file. */
  isAnew?: boolean;
  /** Up to how many rows a table is written as a whole, in the order of its grain. */
  mostRowsSorted?: number;
}

/** How many of the marts were written as a whole, by the days that changed, and not at all. */
export interface PublishSummary {
  whole: number;
  byDay: number;
  kept: number;
}

/**
 * Writes analytics.duckdb from the warehouse: the marts and the tables about the build, in schema main, each
 * with its comments, and its rows in the order of its grain where they are not very many. The new file is made
 * beside the old one, of a copy of it where little has changed, and takes its place by one rename, so that a
 * reader has one or the other, and is never in the way.
 *
 * @throws TallyError where a mart was never built, or the folder can't be written
 */
export async function publish(context: ModelContext, options: PublishOptions = {}): Promise<PublishSummary> {
  const { effects, workspace, warehouse, asOf } = context;
  const { models } = await loadProject(projectRoots(workspace));
  const marts = models.filter((model) => model.layer === "marts");
  const folder = dirname(workspace.analytics);
  const next = join(folder, `.${basename(workspace.analytics)}.next-${process.pid}`);
  const startedAt = effects.wallClock().getTime();
  await mkdir(folder, { recursive: true });
  await removeLeftovers(folder, basename(workspace.analytics));
  const connection = await openModelConnection(warehouse);
  const tables: MartToWrite[] = [];
  let last: LastCopy | undefined;
  try {
    await loadRunHistory(connection, workspace, asOf);
    await requireBuilt(connection, marts);
    await createPublishedTable(connection);
    if (!asOf && !options.isAnew) last = await copyLast(connection, workspace.analytics, next);
    const plans = asOf ? new Map<string, DayPlan>() : planDays(await createGraph(connection, models));
    const rows = await rowsOfMarts(connection, marts, plans);
    const known = await readInputs(connection);
    const limit = options.mostRowsSorted ?? mostRowsSorted;
    for (const mart of marts) {
      const isLarge = (rows.get(mart.name) ?? 0) > limit;
      const table = asOf ? null : await changeOf(connection, mart, plans.get(mart.name), isLarge, known);
      tables.push({ mart, table, isLarge, change: table?.change ?? anew });
    }
    if (last) {
      try {
        await last.made;
        await writeNext(connection, next, tables);
      } catch (error) {
        // Whatever befell the last file must not stand in the way of the next.
        const reason = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
        effects.log.warn(`${workspace.analytics} can't be continued, and is written anew: ${reason}`);
        await removeLeftovers(folder, basename(workspace.analytics));
        last = undefined;
      }
    }
    if (!last) {
      for (const table of tables) table.change = anew;
      await writeNext(connection, next, tables);
    }
    await syncToDisk(next);
    await replaceFile(next, workspace.analytics);
    await syncToDisk(folder);
    if (!asOf) {
      const published = tables.flatMap(({ table }) => table ?? []);
      await recordPublished(connection, workspace.analytics, published, last?.writtenSize);
    }
  } catch (error) {
    throw publishError(workspace.analytics, error);
  } finally {
    connection.close();
    await last?.made.catch(() => undefined);
    await removeLeftovers(folder, basename(workspace.analytics));
  }
  const count = (kind: TableChange["kind"]) => tables.filter(({ change }) => change.kind === kind).length;
  const summary = { whole: count("whole"), byDay: count("days"), kept: count("none") };
  effects.log.detail(
    `published ${marts.length} tables, ${summary.byDay} by day and ${summary.kept} as they were, in ${effects.wallClock().getTime() - startedAt} ms`,
  );
  return summary;
}

/** A copy of the last file that the next is made of. */
interface LastCopy {
  /** The size that the file had when it was written as a whole. */
  writtenSize: number;
  /** Resolves once the copy is on the disk. */
  made: Promise<void>;
}

/**
 * Begins to copy the last file, where the next may be made of it: gigabytes get to the disk while DuckDB finds out what
 * changed.
 */
async function copyLast(connection: Warehouse, path: string, next: string): Promise<LastCopy | undefined> {
  const writtenSize = await sizeToKeep(connection, path);
  if (writtenSize === undefined) return undefined;
  const made = copyFile(path, next, constants.COPYFILE_FICLONE).then(() => syncToDisk(next));
  // Whether it failed is asked once it is needed.
  made.catch(() => undefined);
  return { writtenSize, made };
}

/** Writes the tables into the file at `path`: a copy of the last one, or one that is yet to be made. */
async function writeNext(connection: Warehouse, path: string, tables: readonly MartToWrite[]): Promise<void> {
  await writePublished(connection, path, async () => {
    await dropOthers(
      connection,
      tables.map(({ mart }) => mart),
    );
    for (const { mart, change } of tables.filter(({ isLarge }) => isLarge)) {
      await connection.transaction(() => writeMart(connection, mart, change, false));
    }
    // Each commit waits for the disk: the many small ones share it.
    await connection.transaction(async () => {
      for (const { mart, change, isLarge } of tables) {
        if (!isLarge) await writeMart(connection, mart, change, true);
      }
      for (const table of metaTables) await writeMeta(connection, table);
    });
  });
}

/**
 * Gives the new file the place of the old one. What somebody wrote ahead into the old one, who opened it to write, goes
 * with it: DuckDB would read it into the new one.
 */
async function replaceFile(next: string, path: string): Promise<void> {
  await rm(`${path}.wal`, { force: true });
  await rename(next, path);
  await rm(`${path}.wal`, { force: true });
}

/** The size that the last file had when it was written as a whole; undefined where the next is to be so. */
async function sizeToKeep(connection: Warehouse, path: string): Promise<number | undefined> {
  const writtenSize = await lastPublished(connection, path);
  if (writtenSize === undefined) return undefined;
  const { size } = await stat(path);
  return size > writtenSize * mostGrowth.share + mostGrowth.bytes ? undefined : writtenSize;
}

/** How many rows each mart has; of a view that is made by day, at most how many. */
async function rowsOfMarts(
  connection: Warehouse,
  marts: readonly Model[],
  plans: ReadonlyMap<string, DayPlan>,
): Promise<Map<string, number>> {
  const sizes = await tableSizes(connection);
  const rows = new Map<string, number>();
  for (const { name } of marts) {
    const own = sizes.get(`marts.${name}`);
    const followed = plans.get(name)?.follows;
    rows.set(
      name,
      own ??
        followed?.reduce((sum, relation) => sum + (sizes.get(relation) ?? 0), 0) ??
        (await countRows(connection, `marts.${sqlName(name)}`)),
    );
  }
  return rows;
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

function publishError(path: string, error: unknown): unknown {
  if (error instanceof TallyError) return error;
  const reason = error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error);
  const old = existsSync(path) ? " The file of the last run is still there, as it was." : "";
  return new TallyError(`${path} can't be written: ${reason}.${old}`, {
    hint: "See that the folder can be written, and that its disk has room for a second copy of the file.",
    cause: error,
  });
}
