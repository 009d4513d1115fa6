import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import { unquoted } from "./writers.ts";

/**
 * Has the bare names of a connection mean the published tables of one workspace, as its own file has them: a view for
 * each, of its rows, without the column that says whose they are.
 *
 * @param catalog the database in which several workspaces have their tables
 */
export async function showWorkspace(
  connection: Warehouse,
  catalog: string,
  workspace: string,
): Promise<void> {
  const tables = await connection.all<{ name: string }>(
    `
    select distinct table_name as name
    from duckdb_columns()
    where database_name = $catalog
      and schema_name = 'main'
      and table_name in (select table_name from ${catalog}.main.meta_copy where workspace = $workspace)
    order by table_name
    `,
    { catalog: unquoted(catalog), workspace },
  );
  const isOwn = `workspace = ${sqlText(workspace)}`;
  const statements = tables.map(
    ({ name }) => `
      create view main.${sqlName(name)} as
      select * exclude (workspace) from ${catalog}.main.${sqlName(name)} where ${isOwn};`,
  );
  if (statements.length > 0) await connection.run(statements.join("\n"));
}
