import type { Warehouse } from "../warehouse.ts";
import { modelLayers, sourceSchemas } from "./context.ts";
import { lastChanges, noDays } from "./days.ts";
import { type ModelGraph, relationOf } from "./graph.ts";
import type { DayPlan } from "./incremental.ts";
import { shareOut } from "./lanes.ts";
import type { Model } from "./project.ts";
import { recordedModels } from "./record-models.ts";
import {
  buildTable,
  daysFollowed,
  type KnownRelations,
  type RelationStates,
  statesOf,
} from "./relation-states.ts";
import { noteSourceDays } from "./source-days.ts";
import { columnsOfSchemas, rowsOfTables } from "./table-contents.ts";

/** What a build is to make, and how. */
export interface ToMake {
  graph: ModelGraph;
  plans: ReadonlyMap<string, DayPlan>;
  /** The models that are to be made. */
  selected: readonly Model[];
}

/**
 * Reads what is recorded of the models, and what the tables hold that are not made in this build but read: those that
 * are followed by day are noted by their days, and the others hashed as a whole.
 *
 * @param lanes connections to do so on, several at once
 */
export async function readStates(
  lanes: readonly [Warehouse, ...Warehouse[]],
  { graph, plans, selected }: ToMake,
): Promise<RelationStates> {
  const [connection] = lanes;
  const columns = new Map(await columnsOfSchemas(connection, [...modelLayers, ...sourceSchemas]));
  const followed = daysFollowed(plans);
  const isThere = (relation: string) => columns.has(relation.toLowerCase());
  const read = [...tablesRead(graph, plans, selected)].filter(isThere);
  const noted = read.filter((relation) => followed.has(relation));
  const readings = isThere("raw.replays")
    ? "(select string_agg(run_id, ' ' order by run_id) from raw.replays)"
    : "null";
  const made = new Set(graph.order.map(relationOf));
  const others = read.filter(
    (relation) => !made.has(relation) && !followed.has(relation) && relation !== buildTable,
  );
  const rows = new Map<string, string>();
  const look = async (on: Warehouse) => {
    const whole = await rowsOfTables(
      on,
      others.map((relation) => ({ relation, isHashed: true })),
    );
    for (const [relation, { content }] of whole) if (content !== null) rows.set(relation, content);
  };
  const note = (relation: string) => async (on: Warehouse) => {
    const days = followed.get(relation);
    if (days) await on.transaction(() => noteSourceDays(on, relation, days, readings));
  };
  await shareOut(lanes, [look, ...noted.map(note)], (on, work) => work(on));
  const changes = await lastChanges(connection);
  const byDay = graph.order.filter(({ name }) => plans.has(name)).map(relationOf);
  for (const relation of [...noted, ...byDay]) {
    rows.set(relation.toLowerCase(), changes.get(relation) ?? noDays);
  }
  const known: KnownRelations = {
    columns,
    models: await recordedModels(connection),
    rows,
    settings: (await connection.first(`select * from ${buildTable}`)) ?? {},
  };
  return statesOf(graph, plans, known);
}

/** The tables that some models read, also by way of views, but for those that they make themselves. */
function tablesRead(
  { readings }: ModelGraph,
  plans: ReadonlyMap<string, DayPlan>,
  models: readonly Model[],
): Set<string> {
  const found = new Set<string>();
  const seen = new Set<Model>();
  const visit = (model: Model): void => {
    if (seen.has(model)) return;
    seen.add(model);
    for (const { relation, model: read } of readings.get(model.name)?.inputs ?? []) {
      if (read?.materialization === "view") visit(read);
      else found.add(relation);
    }
    for (const relation of plans.get(model.name)?.sources.keys() ?? []) found.add(relation);
  };
  for (const model of models) visit(model);
  // What a model makes in this build is noted when it is made.
  for (const model of models) found.delete(relationOf(model));
  return found;
}
