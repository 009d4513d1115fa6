import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";

/** A column of a table or view. */
export interface Column {
  name: string;
  type: string;
}

/** Columns with their types as one text. */
export function columnsText(columns: readonly Column[]): string {
  return columns.map(({ name, type }) => `${name} ${type}`).join(", ");
}

/** By relation in lower case, the columns of every table and view of some schemas. */
export async function columnsOfSchemas(
  connection: Warehouse,
  schemas: readonly string[],
): Promise<Map<string, readonly Column[]>> {
  return columnsByRelation(
    await connection.all(`
      select
        lower(schema_name || '.' || table_name) as relation,
        column_name as name,
        data_type as type
      from duckdb_columns()
      where database_name = current_database() and schema_name in (${schemas.map(sqlText).join(", ")})
      order by relation, column_index
    `),
  );
}

/** By relation as it is given, the columns of some tables and views. */
export async function columnsOfTables(
  connection: Warehouse,
  relations: readonly string[],
): Promise<Map<string, readonly Column[]>> {
  if (relations.length === 0) return new Map();
  const described = relations.map(
    (relation) =>
      `select ${sqlText(relation)} as relation, column_name as name, column_type as type from (describe ${quoted(relation)})`,
  );
  return columnsByRelation(await connection.all(described.join(" union all ")));
}

function columnsByRelation(
  rows: readonly { relation: string; name: string; type: string }[],
): Map<string, readonly Column[]> {
  const found = new Map<string, Column[]>();
  for (const { relation, name, type } of rows) {
    const columns = found.get(relation) ?? [];
    columns.push({ name, type });
    found.set(relation, columns);
  }
  return found;
}

/** How many rows a table has, and what they hold: null where that was not asked for. */
export interface TableRows {
  rowCount: number;
  content: string | null;
}

/** By relation, what some tables hold, all in one query: to plan one for each takes longer than to run them. */
export async function rowsOfTables(
  connection: Warehouse,
  tables: readonly { relation: string; isHashed: boolean }[],
): Promise<Map<string, TableRows>> {
  if (tables.length === 0) return new Map();
  const queries = tables.map(
    ({ relation, isHashed }) =>
      `select ${sqlText(relation)} as relation, count(*) as row_count, ${isHashed ? "coalesce(sum(hash(*columns(*))), 0)::varchar" : "null"} as hash_sum from ${quoted(relation)}`,
  );
  const rows = await connection.all<{ relation: string; row_count: string; hash_sum: string | null }>(
    queries.join(" union all "),
  );
  return new Map(
    rows.map(({ relation, row_count: count, hash_sum: sum }) => [
      relation,
      { rowCount: Number(count), content: sum === null ? null : `${count} ${sum}` },
    ]),
  );
}

/** The state of a table or view with these columns, as far as those of these names tell: null names for all of them. */
export async function fingerprintOf(
  connection: Warehouse,
  relation: string,
  columns: readonly Column[],
  words: ReadonlySet<string> | null,
): Promise<string> {
  const read = columns.filter(({ name }) => words === null || words.has(name.toLowerCase()));
  const row = await connection.first<{ state: string }>(
    read.length === 0
      ? `select count(*)::varchar as state from ${relation}`
      : `select count(*) || ' ' || coalesce(sum(hash(${read.map(({ name }) => sqlName(name)).join(", ")})), 0) as state
         from ${relation}`,
  );
  return `${row?.state} ${columnsText(read)}`;
}

/** The columns of a table or view, with their types. */
export async function columnsOf(connection: Warehouse, relation: string): Promise<Column[]> {
  const rows = await connection.all<{ column_name: string; column_type: string }>(`describe ${relation}`);
  return rows.map(({ column_name: name, column_type: type }) => ({ name, type }));
}

/** A model's file may have any name. */
function quoted(relation: string): string {
  const dot = relation.indexOf(".");
  return `${relation.slice(0, dot)}.${sqlName(relation.slice(dot + 1))}`;
}
