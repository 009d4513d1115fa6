import { TallyError } from "../errors/tally-error.ts";
import { commentsOn, type PublishedTable } from "../exports/published-tables.ts";
import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import type { AttachedTarget } from "./attach.ts";
import { unquoted } from "./writers.ts";

/** Where tables lie there: public ones, raw ones, and what else a workspace is built anew from. */
export type SharedSchema = "main" | "raw" | "meta";

const bookkeeping = [
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

/** Makes what the warehouse itself keeps of who wrote what, and its schemas, where they are missing. */
export async function makeBookkeeping(
  connection: Warehouse,
  { catalog, kind }: AttachedTarget,
): Promise<void> {
  const database = sqlText(unquoted(catalog));
  const schemas = await namesOf(
    connection,
    `select schema_name as name from duckdb_schemas() where database_name = ${database}`,
  );
  for (const schema of ["raw", "meta"] satisfies SharedSchema[]) {
    if (!schemas.has(schema)) await connection.run(`create schema if not exists ${catalog}.${schema}`);
  }
  const tables = await namesOf(
    connection,
    `select table_name as name from duckdb_tables() where database_name = ${database} and schema_name = 'main'`,
  );
  for (const { name, comment, columns } of bookkeeping.filter((each) => !tables.has(each.name))) {
    const table = `${catalog}.main.${name}`;
    await connection.run(`create table ${table} (${columns})`);
    if (kind === "ducklake") await connection.run(`alter table ${table} set partitioned by (workspace)`);
    await connection.run(`comment on table ${table} is ${sqlText(comment)}`);
  }
}

async function namesOf(connection: Warehouse, sql: string): Promise<Set<string>> {
  return new Set((await connection.all<{ name: string }>(sql)).map(({ name }) => name));
}

/**
 * Makes a table there, or gives it the columns that it lacks. What other writers have more is kept.
 *
 * @throws TallyError where a column of it is of another type there
 */
export async function shapeTable(
  connection: Warehouse,
  { catalog, kind }: AttachedTarget,
  schema: SharedSchema,
  table: PublishedTable,
): Promise<void> {
  const there = `${catalog}.${schema}.${sqlName(table.table)}`;
  if (table.columns.some(({ name }) => name.toLowerCase() === "workspace")) {
    throw new TallyError(
      `${table.table} has a column workspace, which in the shared warehouse says whose a row is.`,
      { hint: "Call it by another name in the model that makes it." },
    );
  }
  const columns = await columnsThere(connection, catalog, schema, table.table);
  if (columns.size === 0) {
    const list = table.columns.map(({ name, type }) => `${sqlName(name)} ${type}`).join(", ");
    await connection.run(`create table ${there} (workspace varchar, ${list})`);
    if (kind === "ducklake") await connection.run(`alter table ${there} set partitioned by (workspace)`);
  }
  for (const { name, type } of columns.size === 0 ? [] : table.columns) {
    const found = columns.get(name);
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
  for (const statement of commentsOn(there, table)) await connection.run(statement);
  await connection.run(`comment on column ${there}.workspace is 'The workspace that the row is of.'`);
}

/** By name, the types of the columns that a table has there; none where there is no such table. */
export async function columnsThere(
  connection: Warehouse,
  catalog: string,
  schema: SharedSchema,
  table: string,
): Promise<Map<string, string>> {
  const columns = await connection.all<{ name: string; type: string }>(
    `select column_name as name, data_type as type from duckdb_columns()
     where database_name = $catalog and schema_name = $schema and table_name = $table
     order by column_index`,
    { catalog: unquoted(catalog), schema, table },
  );
  return new Map(columns.map(({ name, type }) => [name, type]));
}
