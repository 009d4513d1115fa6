import { ConfigError } from "../errors/config-error.ts";
import { TallyError } from "../errors/tally-error.ts";
import { loadExtension } from "../extensions.ts";
import { postgresExtension } from "../needed-extensions.ts";
import { type PostgresAddress, readPostgresAddress } from "../postgres-address.ts";
import type { PostgresSettings } from "../publish-settings.ts";
import { inMemory, openWarehouse, sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { type ChangedParts, changedParts, type Part, partsOf, rowsOf } from "./copied-parts.ts";
import { createTable, reshape, type TargetColumn } from "./postgres-tables.ts";
import { postgresColumn } from "./postgres-types.ts";
import { type ExportContext, withPublished } from "./published.ts";
import { commentsOn, type PublishedTable, publishedTables, shapeOf } from "./published-tables.ts";

export interface PostgresCopy {
  /** Where to, without a password. */
  place: string;
  /** How many rows were written; what did not change is not. */
  rows: number;
  /** The tables of which something was written. */
  changed: string[];
}

/** How long a lock that a reader of the target holds is waited for. */
const lockTimeout = "60s";

/** The table that says what was copied; beside the copies, so that it is true whatever happens to either. */
const copied = "meta_copy";
/** What stands there for the columns of a table. */
const shapePart = "columns";

/**
 * Copies the published tables to a schema of a PostgreSQL database, in one transaction: readers have all of the old or
 * all of the new, and wait for nothing. Only days whose rows changed are written, and tables stay the same tables, so
 * that views on them and grants do too.
 *
 * @throws ExtensionError where DuckDB's part for PostgreSQL is not installed
 * @throws TallyError where the database can't be reached or written; what it had stays
 */
export async function copyToPostgres(
  context: ExportContext,
  settings: PostgresSettings,
): Promise<PostgresCopy> {
  const address = addressOf(context, settings);
  return withPublished(context, async (analytics) => {
    await loadExtension(analytics, postgresExtension);
    try {
      // A name may hold a zero byte, which text of PostgreSQL can't.
      await analytics.run("set pg_null_byte_replacement = ''");
      await analytics.run(`attach ${sqlText(address.text)} as target (type postgres, read_write)`);
      return await analytics.transaction(() => copyTables(analytics, settings.schema, address));
    } catch (error) {
      throw copyError(error, address, settings.schema);
    }
  });
}

/**
 * Sees whether the database can be reached and written, and changes nothing.
 *
 * @returns its address as it may be shown
 * @throws TallyError that says what is in the way
 */
export async function checkPostgres(
  context: Pick<ExportContext, "effects" | "config">,
  settings: PostgresSettings,
): Promise<string> {
  const address = addressOf(context, settings);
  const memory = await openWarehouse(inMemory, context.config.warehouse);
  try {
    await loadExtension(memory, postgresExtension);
    try {
      await memory.run(`attach ${sqlText(address.text)} as target (type postgres, read_only)`);
      const right = `
        select case when exists (select 1 from pg_namespace where nspname = ${sqlText(settings.schema)})
          then has_schema_privilege(${sqlText(settings.schema)}, 'create')
          else has_database_privilege(current_database(), 'create') end as "mayCreate"`;
      const row = await memory.first<{ mayCreate: boolean }>(
        `select "mayCreate" from postgres_query('target', ${sqlText(right)})`,
      );
      if (row?.mayCreate !== true) throw new Error("its user may not create there");
    } catch (error) {
      throw copyError(error, address, settings.schema);
    }
    return `${address.shown}, schema ${settings.schema},`;
  } finally {
    memory.close();
  }
}

function addressOf({ effects }: Pick<ExportContext, "effects">, settings: PostgresSettings): PostgresAddress {
  const { address } = settings;
  if ("text" in address) return readPostgresAddress(address.text);
  const text = effects.env[address.env];
  if (!text) {
    throw new ConfigError(
      `The environment has no ${address.env}, which postgres_env under [publish] names.`,
      { hint: `Set ${address.env} where tally runs to an address such as postgresql://tally@db/costs.` },
    );
  }
  return readPostgresAddress(text);
}

async function copyTables(
  analytics: Warehouse,
  schema: string,
  address: PostgresAddress,
): Promise<PostgresCopy> {
  const tables = await publishedTables(analytics);
  const execute = async (statements: readonly string[]) => {
    if (statements.length > 0) {
      await analytics.run(`call postgres_execute('target', ${sqlText(statements.join(";\n"))})`);
    }
  };
  const copiedTable = `${sqlName(schema)}.${copied}`;

  await execute([
    `set local lock_timeout = '${lockTimeout}'`,
    // Two that copy to one schema go one after the other.
    `select pg_advisory_xact_lock(hashtext('tally'), hashtext(${sqlText(schema)}))`,
    `create schema if not exists ${sqlName(schema)}`,
    `create table if not exists ${copiedTable} (
      table_name text not null,
      part text not null,
      fingerprint text not null,
      primary key (table_name, part)
    )`,
    `comment on table ${copiedTable} is 'What tally copied to this schema: a fingerprint of each table, or of each day of it.'`,
  ]);
  const there = await byTable<TargetColumn>(
    analytics,
    ["name", "type"],
    `select c.relname as "table", a.attname as "name", format_type(a.atttypid, a.atttypmod) as "type"
     from pg_class as c
     inner join pg_namespace as n on n.oid = c.relnamespace
     inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where n.nspname = ${sqlText(schema)} and c.relkind in ('r', 'p', 'v', 'm', 'f')`,
  );
  const known = await byTable<Part>(
    analytics,
    ["part", "fingerprint"],
    `select table_name as "table", part, fingerprint from ${copiedTable}`,
  );
  const foreign = tables.find(({ table }) => there.has(table) && !known.has(table));
  if (foreign) throw foreignTable(foreign.table, schema);

  let rows = 0;
  const changed: string[] = [];
  for (const table of tables) {
    const name = `${sqlName(schema)}.${sqlName(table.table)}`;
    const columns = there.get(table.table);
    const before = known.get(table.table) ?? [];
    const shape: Part = { part: shapePart, fingerprint: shapeOf(table) };
    const isSameShape = before.some(
      ({ part, fingerprint }) => part === shape.part && fingerprint === shape.fingerprint,
    );
    const shaping = columns === undefined ? createTable(name, table) : reshape(name, table, columns);
    // A table that is new, or has other columns, is written as a whole.
    const isReshaped = shaping.length > 0;
    const copiedBefore = isReshaped ? [] : before.filter(({ part }) => part !== shapePart);
    const parts = changedParts(await partsOf(analytics, table, "day"), copiedBefore);
    const changedRows = isReshaped ? "true" : rowsOf(parts);
    await execute([...shaping, ...(isSameShape && !isReshaped ? [] : commentsOn(name, table))]);
    if (isReshaped) {
      await analytics.run("call pg_clear_cache()");
      await execute([`delete from ${copiedTable} where table_name = ${sqlText(table.table)}`]);
    }
    if (isReshaped || parts.written.length > 0 || parts.gone.length > 0) {
      await execute([`delete from ${name} where ${changedRows}`]);
      rows += await insertRows(analytics, schema, table, changedRows);
      changed.push(table.table);
    }
    const recorded = isSameShape && !isReshaped ? parts.written : [...parts.written, shape];
    await execute(recordParts(copiedTable, table.table, { ...parts, written: recorded }));
  }
  const wanted = new Set(tables.map(({ table }) => table));
  for (const old of [...known.keys()].filter((table) => !wanted.has(table))) {
    await execute([
      `drop table if exists ${sqlName(schema)}.${sqlName(old)}`,
      `delete from ${copiedTable} where table_name = ${sqlText(old)}`,
    ]);
  }
  return { place: `${address.shown}, schema ${schema}`, rows, changed };
}

/** The rows of a query of the target, which names their table, by that table. */
async function byTable<T>(
  analytics: Warehouse,
  columns: readonly string[],
  sql: string,
): Promise<Map<string, T[]>> {
  const struct = columns.map((column) => `${column}: ${sqlName(column)}`).join(", ");
  const rows = await analytics.all<{ table: string; rows: T[] }>(`
    select "table", list({ ${struct} }) as rows
    from postgres_query('target', ${sqlText(sql)})
    group by "table"
  `);
  return new Map(rows.map(({ table, rows }) => [table, rows]));
}

async function insertRows(
  analytics: Warehouse,
  schema: string,
  { table, columns }: PublishedTable,
  isAmong: string,
): Promise<number> {
  const row = await analytics.first<{ Count: string }>(`
    insert into target.${sqlName(schema)}.${sqlName(table)} (${columns.map(({ name }) => sqlName(name)).join(", ")})
    select ${columns.map(({ name, type }) => postgresColumn(type).from(sqlName(name))).join(", ")}
    from ${sqlName(table)}
    where ${isAmong}
  `);
  return Number(row?.Count ?? 0);
}

/** Remembers in the table `copied` of the target that these parts of a table were written. */
function recordParts(copied: string, table: string, { written, gone }: ChangedParts): string[] {
  const names = [...written.map(({ part }) => part), ...gone];
  if (names.length === 0) return [];
  const values = written.map(
    ({ part, fingerprint }) => `(${sqlText(table)}, ${sqlText(part)}, ${sqlText(fingerprint)})`,
  );
  return [
    `delete from ${copied} where table_name = ${sqlText(table)} and part in (${names.map(sqlText).join(", ")})`,
    ...(values.length === 0
      ? []
      : [`insert into ${copied} (table_name, part, fingerprint) values ${values.join(", ")}`]),
  ];
}

function foreignTable(table: string, schema: string): TallyError {
  return new TallyError(
    `The schema ${schema} has a table ${table} that is not tally's, so nothing was copied there.`,
    { hint: "Name a schema of tally's own in postgres_schema under [publish] of tally.toml." },
  );
}

function copyError(error: unknown, address: PostgresAddress, schema: string): TallyError {
  if (error instanceof TallyError) return error;
  const [first = "", ...more] = address
    .redact(error instanceof Error ? error.message : String(error))
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  // What stands in the way of a drop is told by the lines below.
  const detail = more.find((line) => line.startsWith("DETAIL:"));
  const reason = [first, ...(detail === undefined ? [] : [detail])].join(" ").replace(/\.$/, "");
  return new TallyError(
    `The tables can't be copied to PostgreSQL (${address.shown}, schema ${schema}): ${reason}.`,
    {
      hint: "What was there stays as it was. See that the database can be reached from here, and that its user may create in it: the next run copies what this one could not.",
      // Not the error itself: with --verbose it would show the address with its password.
      cause: new Error(
        address.redact(error instanceof Error ? (error.stack ?? error.message) : String(error)),
      ),
    },
  );
}
