import { sqlName, sqlText, type Warehouse } from "../warehouse.ts";
import type { Model } from "./project.ts";

/**
 * Drops what no model makes any more, so that nothing stale is read or published, and what a model makes in
 * another kind than before, which `create or replace` refuses.
 */
export async function dropLeftovers(connection: Warehouse, models: readonly Model[]): Promise<void> {
  const kinds = new Map(models.map((model) => [`${model.layer}.${model.name}`, model.materialization]));
  const relations = await connection.all<{ schema_name: string; name: string; kind: string }>(`
    select schema_name, table_name as name, 'table' as kind
    from duckdb_tables()
    where database_name = current_database() and schema_name in ('staging', 'intermediate', 'marts')
    union all
    select schema_name, view_name, 'view'
    from duckdb_views()
    where database_name = current_database() and schema_name in ('staging', 'intermediate', 'marts')
  `);
  for (const { schema_name, name, kind } of relations) {
    const wanted = kinds.get(`${schema_name}.${name}`);
    if (wanted !== kind) await connection.run(`drop ${kind} if exists ${schema_name}.${sqlName(name)}`);
  }
  const names = models.map((model) => sqlText(model.name));
  await connection.run(`delete from meta.model where model_name not in (${["''", ...names].join(", ")})`);
}
