import { createHash } from "node:crypto";
import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";

export interface PublishedColumn {
  name: string;
  /** Its type in DuckDB. */
  type: string;
  comment: string | null;
}

export interface PublishedTable {
  table: string;
  /** What it is called in SQL, with its database and schema. */
  relation: string;
  comment: string | null;
  columns: PublishedColumn[];
  /** Whether its rows are of days, in usage_date. */
  hasDays: boolean;
}

// Those of a file are tables, and those of one workspace in a warehouse that several share are views.
const relations = `
  select database_name, schema_name, table_name, table_oid as relation_oid, comment
  from duckdb_tables()
  where not internal and not temporary
  union all
  select database_name, schema_name, view_name, view_oid, comment
  from duckdb_views()
  where not internal and not temporary
`;

/**
 * The published tables, in the order of their names, with what they mean.
 *
 * @param database where the file is attached; without it, the one that is open
 */
export async function publishedTables(
  connection: Warehouse,
  database?: string,
  schema = "main",
): Promise<PublishedTable[]> {
  return connection.all<PublishedTable>(
    `
    select
      tables.table_name as "table",
      tables.comment,
      format('"{}"."{}"."{}"', tables.database_name, tables.schema_name, tables.table_name) as relation,
      list(
        { name: columns.column_name, type: columns.data_type, comment: columns.comment }
        order by columns.column_index
      ) as columns,
      bool_or(columns.column_name = 'usage_date' and columns.data_type = 'DATE') as "hasDays"
    from (${relations}) as tables
    inner join duckdb_columns() as columns
      on tables.relation_oid = columns.table_oid
      and tables.database_name = columns.database_name
      and tables.schema_name = columns.schema_name
      and tables.table_name = columns.table_name
    where tables.database_name = coalesce($database, current_database())
      and tables.schema_name = $schema
    group by all
    order by tables.table_name
    `,
    { database: database ?? null, schema },
  );
}

/**
 * By what column its files are put into folders where it has days, each of a month such as 2026-10: one that none of its
 * own has the name of, since engines would take the one for the other.
 */
export function monthColumn({ columns }: Pick<PublishedTable, "columns">): string {
  const names = new Set(columns.map(({ name }) => name.toLowerCase()));
  let month = "month";
  while (names.has(month)) month = `usage_${month}`;
  return month;
}

/** What tells whether the columns of a table, or what is said of them, changed. */
export function shapeOf({ comment, columns }: PublishedTable): string {
  return createHash("sha256")
    .update(JSON.stringify([comment, columns]))
    .digest("hex")
    .slice(0, 32);
}

/** The statements that say in the target what a table and its columns mean. */
export function commentsOn(name: string, { comment, columns }: PublishedTable): string[] {
  return [
    `comment on table ${name} is ${textOf(comment)}`,
    ...columns.map(
      (column) => `comment on column ${name}.${sqlName(column.name)} is ${textOf(column.comment)}`,
    ),
  ];
}

const textOf = (comment: string | null): string => (comment === null ? "null" : sqlText(comment));
