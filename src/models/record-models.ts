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
    duration_ms: string | null;
  }>("select model_name as name, made_of, content, row_count, duration_ms from meta.model");
  return new Map(
    rows.map(({ name, made_of: madeOf, content, row_count: count, duration_ms: duration }) => [
      name,
      {
        madeOf,
        content,
        rowCount: count === null ? null : Number(count),
        durationMs: duration === null ? null : Number(duration),
      },
    ]),
  );
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
  const names = made.map(([, { name }]) => sqlText(name)).join(", ");
  await connection.run(`delete from meta.model where model_name in (${names})`);
  const rows = made.map(
    ([model, { name, materialization, rowCount, durationMs, startedAt, mode, daysRebuilt }]) => {
      const { madeOf, content } = states.recordOf(model);
      const texts = [name, materialization, timestampText(startedAt), mode].map(sqlText);
      const numbers = [rowCount, durationMs, daysRebuilt].map((number) => number ?? "null");
      const orNull = [madeOf, content].map((text) => (text === null ? "null" : sqlText(text)));
      return `(${[...texts, ...numbers, ...orNull].join(", ")})`;
    },
  );
  await connection.run(`
    insert into meta.model by name
    select
      model.* replace (model.started_at::timestamp as started_at),
      build.now as built_at
    from (values ${rows.join(", ")}) as model(
      model_name, materialization, started_at, build_mode, row_count, duration_ms, days_rebuilt, made_of, content
    )
    cross join meta.build as build
  `);
}
