import { sqlName, sqlText, type Warehouse } from "./warehouse.ts";

/**
 * A query for the rows of each table: `table_name` and `row_count`. DuckDB's own estimate counts rows that were deleted
 * as well, and a published table has such; to count takes no longer, since it reads no column.
 */
export function rowCountsSql(tables: readonly string[]): string {
  const counts = tables.map(
    (table) => `select ${sqlText(table)} as table_name, count(*) as row_count from ${sqlName(table)}`,
  );
  return counts.length > 0
    ? counts.join(" union all ")
    : "select null::varchar as table_name, 0 as row_count where false";
}

/** How many rows each published table has, in the order of their names. */
export async function countRows(connection: Pick<Warehouse, "all">): Promise<Map<string, number>> {
  const tables = await connection.all<{ table_name: string }>(`
    select distinct table_name
    from duckdb_columns()
    where database_name = current_database() and schema_name = 'main' and not internal
    order by table_name
  `);
  const rows = await connection.all<{ table_name: string; row_count: string }>(
    `${rowCountsSql(tables.map(({ table_name: name }) => name))} order by table_name`,
  );
  return new Map(rows.map(({ table_name: name, row_count: count }) => [name, Number(count)]));
}
