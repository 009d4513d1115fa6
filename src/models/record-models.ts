import { sqlText, type Warehouse } from "../warehouse.ts";
import { timestampText } from "./context.ts";
import type { ModelResult } from "./make-models.ts";
import type { Model } from "./project.ts";
import type { RecordedModel, RelationStates } from "./relation-states.ts";

/** By the name of the model, what was recorded when each was made last. */
export async function recordedModels(connection: Warehouse): Promise<Map<string, RecordedModel>> {
  const rows = await connection.all<{
    name: string;
    made_of: string | null;
    content: string | null;
    row_count: string | null;
  }>("select model_name as name, made_of, content, row_count from meta.model");
  return new Map(
    rows.map(({ name, made_of: madeOf, content, row_count: count }) => [
      name,
      { madeOf, content, rowCount: count === null ? null : Number(count) },
    ]),
  );
}

/** By the name of the model, how long each took when it was made last, in milliseconds. */
export async function recordedDurations(connection: Warehouse): Promise<Map<string, number>> {
  const rows = await connection.all<{ name: string; duration_ms: string }>(
    "select model_name as name, duration_ms from meta.model where duration_ms is not null",
  );
  return new Map(rows.map(({ name, duration_ms: duration }) => [name, Number(duration)]));
}

/** Writes the rows of meta.model for what was made, and says of what was kept that it was, in an open transaction. */
export async function recordModels(
  connection: Warehouse,
  states: RelationStates,
  results: ReadonlyMap<Model, ModelResult>,
): Promise<void> {
  const kept = [...results.values()].filter(({ mode }) => mode === "kept").map(({ name }) => sqlText(name));
  if (kept.length > 0) {
    await connection.run(
      `update meta.model set build_mode = 'kept', days_rebuilt = 0
       where model_name in (${kept.join(", ")}) and build_mode <> 'kept'`,
    );
  }
  const made = [...results].filter(([, { mode }]) => mode !== "kept");
  if (made.length === 0) return;
  const rows = made.map(([model, result]) => ({
    model_name: result.name,
    materialization: result.materialization,
    row_count: result.rowCount,
    duration_ms: result.durationMs,
    started_at: timestampText(result.startedAt),
    build_mode: result.mode,
    days_rebuilt: result.daysRebuilt,
    made_of: states.recordOf(model).madeOf,
    content: states.recordOf(model).content,
  }));
  const structure = `[{"model_name":"varchar","materialization":"varchar","row_count":"bigint","duration_ms":"bigint","started_at":"timestamp","build_mode":"varchar","days_rebuilt":"integer","made_of":"varchar","content":"varchar"}]`;
  const names = rows.map(({ model_name: name }) => sqlText(name)).join(", ");
  await connection.run(`delete from meta.model where model_name in (${names})`);
  await connection.run(
    `
    insert into meta.model by name
    select model.*, build.now as built_at
    from (select unnest(from_json($rows::json, ${sqlText(structure)}), recursive := true)) as model
    cross join meta.build as build
    `,
    { rows: JSON.stringify(rows) },
  );
}
