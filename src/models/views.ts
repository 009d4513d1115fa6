import { createHash } from "node:crypto";
import type { Effects } from "../effects.ts";
import { sqlText, type Warehouse } from "../warehouse.ts";
import { sourceSchemas } from "./context.ts";
import { type ModelGraph, relationOf } from "./graph.ts";
import { type DayPlan, textOf } from "./incremental.ts";
import type { Model } from "./project.ts";
import { type ModelResult, makeModel } from "./run-model.ts";

/** What views are made with. */
export interface MakingViews {
  graph: ModelGraph;
  plans: ReadonlyMap<string, DayPlan>;
  /** Whether one that stands as its file has it is made again. */
  isFullRefresh: boolean;
}

/**
 * Makes the views among some models that rest on sources and on each other alone, in one transaction, since they
 * hold no rows: to commit each would take longer than all of them. One that stands already, with the text and
 * over the columns that it has now, is left as it is.
 *
 * @param models in an order in which each comes after those that it reads
 * @returns the results by the model's name
 */
export async function makeLeadingViews(
  connection: Warehouse,
  effects: Effects,
  models: readonly Model[],
  { graph, plans, isFullRefresh }: MakingViews,
): Promise<Map<string, ModelResult>> {
  const made = new Map<string, ModelResult>();
  const states = await statesOf(connection, leadingViews(models, graph), graph);
  const standing = isFullRefresh ? new Map<string, string>() : await standingViews(connection);
  await connection.transaction(async () => {
    const changed = [...states].filter(([view, madeOf]) => standing.get(relationOf(view)) !== madeOf);
    await forgetMadeOf(
      connection,
      changed.map(([view]) => view),
    );
    for (const [view, madeOf] of states) {
      if (standing.get(relationOf(view)) === madeOf) {
        made.set(view.name, leftAsItIs(view, effects.wallClock(), madeOf));
        continue;
      }
      const running = { plan: plans.get(view.name), followedBy: undefined, isFullRefresh, madeOf };
      made.set(view.name, await makeModel(connection, effects, view, running));
    }
  });
  return made;
}

/** What a view was made of is known no more once it is made again; what it is made of then is recorded with the rest. */
async function forgetMadeOf(connection: Warehouse, views: readonly Model[]): Promise<void> {
  if (views.length === 0) return;
  const names = views.map(({ name }) => sqlText(name)).join(", ");
  await connection.run(`update meta.model set made_of = null where model_name in (${names})`);
}

/** The views that read no table that a model makes, and no view that is yet to come. */
function leadingViews(models: readonly Model[], { readings }: ModelGraph): Model[] {
  const names = new Set<string>();
  const leads = ({ name, materialization }: Model) =>
    materialization === "view" &&
    (readings.get(name)?.inputs ?? []).every(({ model }) => !model || names.has(model.name));
  return models.filter((model) => {
    const isLeading = leads(model);
    if (isLeading) names.add(model.name);
    return isLeading;
  });
}

/** What each view is made of: its own text, and the columns of all that it reads. */
async function statesOf(
  connection: Warehouse,
  views: readonly Model[],
  { readings }: ModelGraph,
): Promise<Map<Model, string>> {
  const columns = await columnsOfSources(connection);
  const states = new Map<Model, string>();
  for (const view of views) {
    const inputs = readings.get(view.name)?.inputs ?? [];
    const told = inputs.map(({ relation, model }) =>
      model ? [relation, states.get(model)] : [relation, columns.get(relation)],
    );
    const state = createHash("sha256").update(JSON.stringify([textOf(view), told]));
    states.set(view, state.digest("hex"));
  }
  return states;
}

async function columnsOfSources(connection: Warehouse): Promise<Map<string, string>> {
  const rows = await connection.all<{ relation: string; columns: string }>(
    `
    select
      lower(schema_name || '.' || table_name) as relation,
      string_agg(column_name || ' ' || data_type, ', ' order by column_index) as columns
    from duckdb_columns()
    where database_name = current_database() and schema_name in (${sourceSchemas.map((name) => `'${name}'`).join(", ")})
    group by all
    `,
  );
  return new Map(rows.map(({ relation, columns }) => [relation, columns]));
}

/** By relation, what the views that stand were made of. */
async function standingViews(connection: Warehouse): Promise<Map<string, string>> {
  const rows = await connection.all<{ relation: string; made_of: string }>(`
    select views.schema_name || '.' || views.view_name as relation, model.made_of
    from duckdb_views() as views
    join meta.model as model on model.model_name = views.view_name
    where views.database_name = current_database() and model.made_of is not null
  `);
  return new Map(rows.map(({ relation, made_of: madeOf }) => [relation, madeOf]));
}

function leftAsItIs({ name, materialization }: Model, startedAt: Date, madeOf: string): ModelResult {
  return {
    name,
    materialization,
    rowCount: null,
    durationMs: 0,
    mode: "incremental",
    daysRebuilt: 0,
    whyFull: null,
    startedAt,
    madeOf,
  };
}
