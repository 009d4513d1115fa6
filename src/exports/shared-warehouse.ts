import { randomUUID } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type AttachedTarget, attachTarget } from "../attach-target.ts";
import { TallyError } from "../errors/tally-error.ts";
import { requirePublished } from "../require-published.ts";
import { inMemory, openWarehouse, sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import type { WarehouseTarget } from "../warehouse-target.ts";
import { changedParts, type Part, partsOf, rowsOf } from "./copied-parts.ts";
import type { ExportContext } from "./published.ts";
import { commentsOn, type PublishedTable, publishedTables, shapeOf } from "./published-tables.ts";

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

const ownTables = [
  {
    name: "meta_writer",
    comment: "The workspaces that write here, and what each wrote last.",
    columns:
      "workspace varchar, workspace_id varchar, tally_version varchar, built_at timestamp, committed_at timestamp",
  },
  {
    name: "meta_copy",
    comment: "What each workspace wrote here: a fingerprint of each table, or of each day of it.",
    columns: "workspace varchar, table_name varchar, part varchar, fingerprint varchar",
  },
] as const;

/**
 * Puts the public tables and the raw ones of this workspace into the warehouse that several share, in one transaction,
 * which a DuckLake keeps as one snapshot: readers have all of one night or all of the next. Every table there has a column
 * more, `workspace`, and this one's rows are the only ones that are touched. Only days that changed are written.
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
  const id = await workspaceId(workspace.id);
  const since = effects.wallClock().getTime();
  for (;;) {
    try {
      return await copyOnce(context, target, id);
    } catch (error) {
      const isOver = effects.wallClock().getTime() - since > longestWaitMs;
      if (isOver || !(error instanceof TallyError && isBusy.test(error.message))) throw error;
      effects.log.detail("another workspace writes to the shared warehouse; it is tried again");
      await new Promise((resolve) => setTimeout(resolve, 500 + Math.random() * 1500));
    }
  }
}

async function copyOnce(context: ExportContext, target: WarehouseTarget, id: string): Promise<SharedCopy> {
  const { workspace, config } = context;
  const connection = await openWarehouse(inMemory, config.warehouse);
  try {
    const attached = await attachTarget(connection, context, target, { isReadOnly: false });
    await connection.run(`
      set temp_directory = ${sqlText(join(dirname(workspace.warehouse), ".spill"))};
      attach ${sqlText(workspace.analytics)} as published (read_only);
      attach ${sqlText(workspace.warehouse)} as working (read_only);
    `);
    try {
      const copied = await connection.transaction(() => copyTables(connection, attached, target.writer, id));
      return { place: attached.shown, ...copied };
    } catch (error) {
      throw attached.explain(error, "can't be written");
    }
  } finally {
    connection.close();
  }
}

async function copyTables(
  connection: Warehouse,
  { catalog, kind }: AttachedTarget,
  writer: string,
  id: string,
): Promise<Omit<SharedCopy, "place">> {
  const main = `${catalog}.main`;
  await makeOwnTables(connection, catalog, kind);
  await refuseAnother(connection, main, writer, id);
  const known = await connection.all<Part & { table: string }>(
    `select table_name as "table", part, fingerprint from ${main}.meta_copy where workspace = $writer`,
    { writer },
  );
  let rows = 0;
  const changed: string[] = [];
  for (const source of await sourceTables(connection)) {
    const { schema, table } = source;
    const shownName = schema === "main" ? table.table : `${schema}.${table.table}`;
    const before = known.filter((each) => each.table === shownName);
    const shape: Part = { part: shapePart, fingerprint: shapeOf(table) };
    const isSameShape = before.some(
      ({ part, fingerprint }) => part === shapePart && fingerprint === shape.fingerprint,
    );
    const there = `${catalog}.${schema}.${sqlName(table.table)}`;
    if (!isSameShape) await shapeTable(connection, catalog, kind, source);
    const copiedBefore = isSameShape ? before.filter(({ part }) => part !== shapePart) : [];
    const parts = changedParts(await partsOf(connection, table, "day"), copiedBefore);
    const isOwn = `workspace = ${sqlText(writer)}`;
    if (!isSameShape || parts.written.length > 0 || parts.gone.length > 0) {
      const isChanged = isSameShape ? rowsOf(parts) : "true";
      await connection.run(`delete from ${there} where ${isOwn} and ${isChanged}`);
      const row = await connection.first<{ Count: string }>(`
        insert into ${there} by name
        select ${sqlText(writer)} as workspace, * from ${table.relation} where ${isChanged}
      `);
      rows += Number(row?.Count ?? 0);
      changed.push(shownName);
      await recordParts(connection, main, writer, shownName, isSameShape ? parts : null, [
        ...parts.written,
        ...(isSameShape ? [] : [shape]),
      ]);
    }
  }
  if (changed.length > 0) {
    await connection.run(`
      delete from ${main}.meta_writer where workspace = ${sqlText(writer)};
      insert into ${main}.meta_writer
      select ${sqlText(writer)}, ${sqlText(id)}, tally_version, built_at, current_timestamp::timestamp
      from published.main.meta_build;
    `);
    if (kind === "ducklake") {
      await connection.run(`call ${catalog}.set_commit_message('tally', ${sqlText(`a run of ${writer}`)})`);
    }
  }
  return { rows, changed };
}

interface SourceTable {
  schema: "main" | "raw";
  table: PublishedTable;
}

async function sourceTables(connection: Warehouse): Promise<SourceTable[]> {
  const published = await publishedTables(connection, "published", "main");
  const raw = await publishedTables(connection, "working", "raw");
  return [
    ...published.map((table) => ({ schema: "main" as const, table })),
    ...raw.map((table) => ({ schema: "raw" as const, table })),
  ];
}

async function makeOwnTables(
  connection: Warehouse,
  catalog: string,
  kind: AttachedTarget["kind"],
): Promise<void> {
  const there = await connection.all<{ name: string }>(
    "select table_name as name from duckdb_tables() where database_name = $catalog and schema_name = 'main'",
    { catalog: unquoted(catalog) },
  );
  const names = new Set(there.map(({ name }) => name));
  const missing = ownTables.filter(({ name }) => !names.has(name));
  if (missing.length === 0) return;
  await connection.run(`create schema if not exists ${catalog}.raw`);
  for (const { name, comment, columns } of missing) {
    await connection.run(`create table ${catalog}.main.${name} (${columns})`);
    if (kind === "ducklake") {
      await connection.run(`alter table ${catalog}.main.${name} set partitioned by (workspace)`);
    }
    await connection.run(`comment on table ${catalog}.main.${name} is ${sqlText(comment)}`);
  }
}

/** @throws TallyError where the name of this workspace is another's */
async function refuseAnother(connection: Warehouse, main: string, writer: string, id: string): Promise<void> {
  const row = await connection.first<{ workspace_id: string }>(
    `select workspace_id from ${main}.meta_writer where workspace = $writer`,
    { writer },
  );
  if (!row || row.workspace_id === id) return;
  throw new TallyError(`Another workspace is called ${writer} in the shared warehouse.`, {
    hint: `Give this one a name of its own with writer under [warehouse]. Where it takes the place of that one, delete the row of ${writer} from meta_writer there.`,
  });
}

/** Makes a table there, or gives it the columns that it lacks. What other writers have more is kept. */
async function shapeTable(
  connection: Warehouse,
  catalog: string,
  kind: AttachedTarget["kind"],
  { schema, table }: SourceTable,
): Promise<void> {
  const there = `${catalog}.${schema}.${sqlName(table.table)}`;
  const columns = await connection.all<{ name: string; type: string }>(
    `select column_name as name, data_type as type from duckdb_columns()
     where database_name = $catalog and schema_name = $schema and table_name = $table`,
    { catalog: unquoted(catalog), schema, table: table.table },
  );
  if (columns.length === 0) {
    const list = table.columns.map(({ name, type }) => `${sqlName(name)} ${type}`).join(", ");
    await connection.run(`create table ${there} (workspace varchar, ${list})`);
    if (kind === "ducklake") await connection.run(`alter table ${there} set partitioned by (workspace)`);
  } else {
    const has = new Map(columns.map(({ name, type }) => [name, type]));
    for (const { name, type } of table.columns) {
      const found = has.get(name);
      if (found === undefined) {
        await connection.run(`alter table ${there} add column ${sqlName(name)} ${type}`);
      } else if (found !== type) {
        throw new TallyError(
          `The column ${name} of ${schema}.${table.table} is ${found} in the shared warehouse, and ${type} here.`,
          {
            hint: "Have every workspace that writes there use this version of tally, drop the table there, and run each of them.",
          },
        );
      }
    }
  }
  for (const statement of commentsOn(there, table)) await connection.run(statement);
  await connection.run(`comment on column ${there}.workspace is 'The workspace that the row is of.'`);
}

/** @param replaced the parts that were written anew; null for all of the table */
async function recordParts(
  connection: Warehouse,
  main: string,
  writer: string,
  table: string,
  replaced: { written: readonly Part[]; gone: readonly string[] } | null,
  written: readonly Part[],
): Promise<void> {
  const isTable = `workspace = ${sqlText(writer)} and table_name = ${sqlText(table)}`;
  const names = [...(replaced?.written.map(({ part }) => part) ?? []), ...(replaced?.gone ?? [])];
  await connection.run(
    `delete from ${main}.meta_copy where ${isTable} and ${replaced === null ? "true" : `part in (${names.map(sqlText).join(", ")})`}`,
  );
  if (written.length === 0) return;
  const values = written.map(
    ({ part, fingerprint }) => `(${[writer, table, part, fingerprint].map(sqlText).join(", ")})`,
  );
  await connection.run(`insert into ${main}.meta_copy values ${values.join(", ")}`);
}

/** What tells this workspace from any other, whatever they are called; it moves with the workspace's data. */
async function workspaceId(path: string): Promise<string> {
  const read = await readFile(path, "utf8").catch(() => undefined);
  const known = read?.trim();
  if (known) return known;
  const id = randomUUID();
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${id}\n`);
  return id;
}

const unquoted = (name: string): string => name.replace(/^"|"$/g, "").replaceAll('""', '"');
