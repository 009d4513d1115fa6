import { sqlName, type Warehouse } from "../warehouse.ts";
import { type ColumnKind, type Stream, streams } from "./streams.ts";

const types: Readonly<Record<ColumnKind, string>> = {
  text: "varchar",
  name: "varchar",
  size: "varchar",
  json: "json",
  list: "varchar[]",
  count: "bigint",
  integer: "bigint",
  boolean: "boolean",
  timestamp: "timestamp",
  date: "date",
  day: "date not null",
  quantity: "decimal(28,12) not null",
  amount: "decimal(28,12)",
  rate: "decimal(28,12)",
};

/** The stream's table in the warehouse. */
export const rawTable = (stream: Stream): string => `raw.${sqlName(stream.name)}`;

/** The columns that say from when to when a row was what the API says: known for usage, valid for inventory. */
export const historyColumns = (stream: Stream) =>
  stream.history === "usage"
    ? { from: "_known_from", to: "_known_to" }
    : { from: "_valid_from", to: "_valid_to" };

/** The stream's own columns, as they are declared in a table. */
export const declaredColumns = (stream: Stream): string[] =>
  stream.columns.map(({ name, kind }) => `${sqlName(name)} ${types[kind]}`);

const bookkeeping = `
  create table if not exists raw.read_windows (
    load_id varchar,
    run_id varchar not null,
    stream varchar not null,
    organization_id varchar,
    project_id varchar,
    window_from date,
    window_to date,
    attempted_at timestamp not null,
    status varchar not null,
    row_count bigint,
    message varchar,
    account varchar
  );
  alter table raw.read_windows add column if not exists account varchar;
  create table if not exists raw.landed_files (
    load_id varchar not null,
    path varchar not null,
    stream varchar not null,
    sha256 varchar not null,
    bytes bigint not null,
    row_count bigint not null,
    requested_at timestamp not null,
    loaded_at timestamp not null,
    list_form varchar
  );
  alter table raw.landed_files add column if not exists list_form varchar;
  create table if not exists raw.quarantine (
    load_id varchar not null,
    stream varchar not null,
    organization_id varchar,
    project_id varchar,
    path varchar not null,
    reason varchar not null,
    file varchar not null,
    quarantined_at timestamp not null
  );
  create table if not exists raw.replays (run_id varchar not null, replayed_at timestamp not null);`;

/** The raw tables that belong to no stream, and tell of what was read. */
export const bookkeepingTables = ["read_windows", "landed_files", "quarantine"] as const;

/**
 * Makes every raw table that is not there yet, and adds the columns that an older version did not have; in one
 * transaction, since each costs a write that reaches the disk.
 */
export async function createRawTables(warehouse: Warehouse): Promise<void> {
  const present = await warehouse.all<{ table_name: string; column_name: string }>(
    "select table_name, column_name from duckdb_columns() where schema_name = 'raw' and database_name = current_database()",
  );
  const statements = streams.flatMap((stream) => {
    const known = new Set(
      present.filter((each) => each.table_name === stream.name).map((each) => each.column_name),
    );
    if (known.size === 0) {
      const { from, to } = historyColumns(stream);
      const columns = [
        ...declaredColumns(stream),
        `${from} timestamp not null`,
        `${to} timestamp`,
        "_load_id varchar not null",
      ];
      return [`create table ${rawTable(stream)} (${columns.join(", ")})`];
    }
    return stream.columns
      .filter((column) => !known.has(column.name))
      .map(({ name, kind }) => {
        const type = types[kind].replace(" not null", "");
        return `alter table ${rawTable(stream)} add column ${sqlName(name)} ${type}`;
      });
  });
  await warehouse.transaction(() =>
    warehouse.run(`create schema if not exists raw; ${bookkeeping} ${statements.join("; ")}`),
  );
}

/**
 * Adds what a warehouse of an older version lacks, so that it can be built before it is read again. One that was
 * never read stays as it is: tables without rows would be taken for an organisation without anything.
 */
export async function completeRawTables(warehouse: Warehouse): Promise<void> {
  const read = await warehouse.first(
    "select 1 from duckdb_tables() where schema_name = 'raw' and database_name = current_database()",
  );
  if (read) await createRawTables(warehouse);
}
