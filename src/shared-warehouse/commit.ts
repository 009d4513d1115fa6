import { dirname, join } from "node:path";
import { TallyError } from "../errors/tally-error.ts";
import { changedParts, type Part, partsOf, rowsOf } from "../exports/copied-parts.ts";
import type { ExportContext } from "../exports/published.ts";
import { type PublishedTable, publishedTables, shapeOf } from "../exports/published-tables.ts";
import { requirePublished } from "../open-published.ts";
import { inMemory, openWarehouse, sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { type AttachedTarget, attachToWrite } from "./attach.ts";
import { gatherKeptFiles } from "./kept-files.ts";
import { makeBookkeeping, type SharedSchema, shapeTable } from "./tables-there.ts";
import type { WarehouseTarget } from "./target.ts";
import { readWriters, refuseAnother, unquoted, workspaceIds } from "./writers.ts";

export interface SharedCopy {
  /** Where to, without what opens it. */
  place: string;
  /** How many rows were written; what did not change is not. */
  rows: number;
  /** The tables of which something was written. */
  changed: string[];
}

/** For how long it is tried again where others write at the same time. */
const longestWaitMs = 180_000;

/** What a catalog says where another writer has it, was first, or made it a moment ago. */
const isBusy = /conflict|database is locked|lock on file|already exists|could not serialize/i;

/** What stands in meta_copy for the columns of a table. */
const shapePart = "columns";

/** The tables about builds that no build can compute again. */
const historyTables: readonly string[] = ["idle_episode"];

/**
 * Puts into the warehouse that several share, in one transaction, the public tables of this workspace, the raw ones, and
 * what else it could not be built anew without. A DuckLake keeps that as one snapshot: readers have all of one night or
 * all of the next. Every table there has a column more, `workspace`, and this one's rows are the only ones that are
 * touched. Only days that changed are written.
 *
 * The writer's own file must not be open: whoever calls this holds the lock.
 *
 * @throws ExtensionError where a part of DuckDB that it takes is not installed
 * @throws TallyError where it can't be reached or written, or the name of this workspace is another's there
 */
export async function copyToSharedWarehouse(
  context: ExportContext,
  target: WarehouseTarget,
): Promise<SharedCopy> {
  const { workspace, effects } = context;
  requirePublished(workspace);
  const ids = await workspaceIds(workspace.id);
  const since = effects.wallClock().getTime();
  for (;;) {
    try {
      return await copyOnce(context, target, ids);
    } catch (error) {
      const isOver = effects.wallClock().getTime() - since > longestWaitMs;
      if (isOver || !(error instanceof TallyError && isBusy.test(error.message))) throw error;
      effects.log.detail("another workspace writes to the shared warehouse; it is tried again");
      await new Promise((resolve) => setTimeout(resolve, 500 + Math.random() * 1500));
    }
  }
}

async function copyOnce(
  context: ExportContext,
  target: WarehouseTarget,
  ids: readonly [string, ...string[]],
): Promise<SharedCopy> {
  const { workspace, config } = context;
  const connection = await openWarehouse(inMemory, config.warehouse);
  try {
    await connection.run(`
      set temp_directory = ${sqlText(join(dirname(workspace.warehouse), ".spill"))};
      attach ${sqlText(workspace.analytics)} as published (read_only);
      attach ${sqlText(workspace.warehouse)} as working (read_only);
    `);
    await gatherKeptFiles(connection, workspace);
    // Before the warehouse is attached: to list its own tables, too, DuckDB would read the statistics of each.
    const sources = await sourceTables(connection);
    const attached = await attachToWrite(connection, context, target);
    try {
      const copied = await connection.transaction(() =>
        copyTables(connection, attached, { writer: target.writer, ids, sources }),
      );
      return { place: attached.shown, ...copied };
    } catch (error) {
      throw attached.explain(error, "can't be written");
    }
  } finally {
    connection.close();
  }
}

interface SourceTable {
  schema: SharedSchema;
  table: PublishedTable;
}

async function sourceTables(connection: Warehouse): Promise<SourceTable[]> {
  const among = async (database: string, from: string, to: SharedSchema = "meta") =>
    (await publishedTables(connection, database, from)).map((table) => ({ schema: to, table }));
  const history = await among("working", "meta");
  return [
    ...(await among("published", "main", "main")),
    ...(await among("working", "raw", "raw")),
    ...history.filter(({ table }) => historyTables.includes(table.table)),
    ...(await among("memory", "kept")),
  ];
}

const shownName = ({ schema, table }: SourceTable): string =>
  schema === "main" ? table.table : `${schema}.${table.table}`;

async function copyTables(
  connection: Warehouse,
  attached: AttachedTarget,
  {
    writer,
    ids,
    sources,
  }: { writer: string; ids: readonly [string, ...string[]]; sources: readonly SourceTable[] },
): Promise<Omit<SharedCopy, "place">> {
  const { catalog, kind } = attached;
  const main = `${catalog}.main`;
  await makeBookkeeping(connection, attached);
  const writers = await readWriters(connection, attached);
  refuseAnother(writers, writer, ids);
  const known = await connection.all<Part & { table: string }>(
    `select table_name as "table", part, fingerprint from ${main}.meta_copy where workspace = $writer`,
    { writer },
  );
  let rows = 0;
  const changed: string[] = [];
  for (const source of sources) {
    const name = shownName(source);
    const before = known.filter(({ table }) => table === name);
    const written = await copyTable(connection, attached, writer, source, before);
    if (written === null) continue;
    rows += written;
    changed.push(name);
  }
  const names = new Set(sources.map(shownName));
  const gone = [...new Set(known.map(({ table }) => table))].filter((name) => !names.has(name));
  for (const name of gone) await takeOut(connection, catalog, writer, name);
  const isNew = writers.find(({ workspace }) => workspace === writer)?.id !== ids[0];
  if (changed.length > 0 || gone.length > 0 || isNew) {
    await connection.run(`
      delete from ${main}.meta_writer where workspace = ${sqlText(writer)};
      insert into ${main}.meta_writer
      select ${sqlText(writer)}, ${sqlText(ids[0])}, tally_version, built_at, current_timestamp::timestamp
      from published.main.meta_build;
    `);
    if (kind === "ducklake") {
      await connection.run(`call ${catalog}.set_commit_message('tally', ${sqlText(`a run of ${writer}`)})`);
    }
  }
  return { rows, changed: [...changed, ...gone] };
}

/** @returns how many rows were written; null where the table is there as it is here */
async function copyTable(
  connection: Warehouse,
  attached: AttachedTarget,
  writer: string,
  source: SourceTable,
  before: readonly Part[],
): Promise<number | null> {
  const { schema, table } = source;
  const there = `${attached.catalog}.${schema}.${sqlName(table.table)}`;
  const shape: Part = { part: shapePart, fingerprint: shapeOf(table) };
  const isSameShape = before.some(
    ({ part, fingerprint }) => part === shapePart && fingerprint === shape.fingerprint,
  );
  if (!isSameShape) await shapeTable(connection, attached, schema, table);
  const copiedBefore = isSameShape ? before.filter(({ part }) => part !== shapePart) : [];
  const parts = changedParts(await partsOf(connection, table, "day"), copiedBefore);
  if (isSameShape && parts.written.length === 0 && parts.gone.length === 0) return null;
  const isChanged = isSameShape ? rowsOf(parts) : "true";
  await connection.run(`delete from ${there} where workspace = ${sqlText(writer)} and ${isChanged}`);
  const row = await connection.first<{ Count: string }>(`
    insert into ${there} by name
    select ${sqlText(writer)} as workspace, * from ${table.relation} where ${isChanged}
  `);
  await recordParts(
    connection,
    `${attached.catalog}.main.meta_copy`,
    { writer, table: shownName(source), replaced: isSameShape ? parts : null },
    [...parts.written, ...(isSameShape ? [] : [shape])],
  );
  return Number(row?.Count ?? 0);
}

/** Takes out the rows of a table that this workspace publishes no more; the table stays, since others may have it. */
async function takeOut(connection: Warehouse, catalog: string, writer: string, shown: string): Promise<void> {
  const [, schema = "main", table = shown] = /^(raw|meta)\.(.*)$/s.exec(shown) ?? [];
  const isOwn = `workspace = ${sqlText(writer)}`;
  const there = await connection.first(
    `select 1 from duckdb_tables()
     where database_name = ${sqlText(unquoted(catalog))} and schema_name = ${sqlText(schema)} and table_name = ${sqlText(table)}`,
  );
  if (there) await connection.run(`delete from ${catalog}.${schema}.${sqlName(table)} where ${isOwn}`);
  await connection.run(
    `delete from ${catalog}.main.meta_copy where ${isOwn} and table_name = ${sqlText(shown)}`,
  );
}

/** @param of.replaced the parts that were written anew; null for all of the table */
async function recordParts(
  connection: Warehouse,
  metaCopy: string,
  of: {
    writer: string;
    table: string;
    replaced: { written: readonly Part[]; gone: readonly string[] } | null;
  },
  written: readonly Part[],
): Promise<void> {
  const { writer, table, replaced } = of;
  const isTable = `workspace = ${sqlText(writer)} and table_name = ${sqlText(table)}`;
  const names = [...(replaced?.written.map(({ part }) => part) ?? []), ...(replaced?.gone ?? [])];
  await connection.run(
    `delete from ${metaCopy} where ${isTable} and ${replaced === null ? "true" : `part in (${names.map(sqlText).join(", ")})`}`,
  );
  if (written.length === 0) return;
  const values = written.map(
    ({ part, fingerprint }) => `(${[writer, table, part, fingerprint].map(sqlText).join(", ")})`,
  );
  await connection.run(`insert into ${metaCopy} values ${values.join(", ")}`);
}
