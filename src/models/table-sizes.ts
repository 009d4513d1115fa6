import type { Warehouse } from "../warehouse.ts";

/** By relation, about how many rows each table has: DuckDB counts rows that were deleted as well. */
export async function tableSizes(connection: Warehouse): Promise<Map<string, number>> {
  const tables = await connection.all<{ relation: string; row_count: string }>(`
    select schema_name || '.' || table_name as relation, estimated_size as row_count
    from duckdb_tables()
    where database_name = current_database()
  `);
  return new Map(tables.map(({ relation, row_count: rows }) => [relation, Number(rows)]));
}

/** How many rows a table or view has. */
export async function countRows(connection: Warehouse, relation: string): Promise<number> {
  const row = await connection.first<{ rows: string }>(`select count(*) as rows from ${relation}`);
  return Number(row?.rows ?? 0);
}
