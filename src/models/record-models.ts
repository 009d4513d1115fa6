import { sqlText, type Warehouse } from "../warehouse.ts";
import { timestampText } from "./context.ts";
import type { ModelResult } from "./run-model.ts";

/** Writes the rows of meta.model for what a build made, all in one transaction: one each would cost more than many a model. */
export async function recordModels(connection: Warehouse, results: readonly ModelResult[]): Promise<void> {
  if (results.length === 0) return;
  const rows = results.map((result) => ({
    model_name: result.name,
    materialization: result.materialization,
    row_count: result.rowCount,
    duration_ms: result.durationMs,
    started_at: timestampText(result.startedAt),
    build_mode: result.mode,
    days_rebuilt: result.daysRebuilt,
    made_of: result.madeOf,
  }));
  const structure = `[{"model_name":"varchar","materialization":"varchar","row_count":"bigint","duration_ms":"bigint","started_at":"timestamp","build_mode":"varchar","days_rebuilt":"integer","made_of":"varchar"}]`;
  const names = results.map(({ name }) => sqlText(name)).join(", ");
  await connection.transaction(async () => {
    await connection.run(`delete from meta.model where model_name in (${names})`);
    await connection.run(
      `
      insert into meta.model (
        model_name, materialization, row_count, duration_ms, built_at, started_at, build_mode, days_rebuilt, made_of
      )
      select
        model_name, materialization, row_count, duration_ms, build.now, started_at, build_mode, days_rebuilt, made_of
      from (select unnest(from_json($rows::json, ${sqlText(structure)}), recursive := true))
      cross join meta.build as build
      `,
      { rows: JSON.stringify(rows) },
    );
  });
}
