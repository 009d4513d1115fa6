import type { Effects } from "../effects.ts";
import type { Warehouse } from "../warehouse.ts";
import { checkColumns } from "./check-columns.ts";
import { type ModelGraph, relationOf } from "./graph.ts";
import type { DayPlan } from "./incremental.ts";
import type { KnownInputs } from "./inputs.ts";
import type { Model } from "./project.ts";
import { recordModels } from "./record-models.ts";
import { daysFollowed, type RelationStates } from "./relation-states.ts";
import { runModel } from "./run-model.ts";
import { recordSeenDays } from "./seen.ts";

/** What became of a model in a build. */
export interface ModelResult {
  name: string;
  materialization: "view" | "table";
  /** Null for a view, which holds no rows. */
  rowCount: number | null;
  durationMs: number;
  /** How it was made: in full, by the days that changed, or not at all, since it would come to the same. */
  mode: "full" | "incremental" | "kept";
  /** 0 where nothing changed, and null where it was made in full. */
  daysRebuilt: number | null;
  /** Why a model that can be made by day was made in full. */
  whyFull: string | null;
  startedAt: Date;
}

/** What models are made with. */
export interface Making {
  effects: Effects;
  graph: ModelGraph;
  plans: ReadonlyMap<string, DayPlan>;
  /** What the tables and views hold so far. */
  states: RelationStates;
  /** What models were made of, and what that is now. */
  known: KnownInputs;
  /** Does the making of a model in full, of a large one while no other large one is made. */
  inFull<T>(model: Model, work: () => Promise<T>): Promise<T>;
  /** Whether all are made in full, also where nothing has changed. */
  isFullRefresh: boolean;
}

/**
 * Makes some models, in an order in which each comes after those of them that it reads, and records what they were
 * made of: all in one transaction, since to commit a small model takes longer than to make it. Where one fails, each is
 * done in a transaction of its own, so that those before it are kept.
 *
 * @throws TallyError that names the file and the line of the first that fails
 */
export async function makeModels(
  connection: Warehouse,
  making: Making,
  models: readonly Model[],
): Promise<ModelResult[]> {
  const restore = making.states.restorer(models);
  try {
    return await connection.transaction(() => makeTogether(connection, making, models));
  } catch (error) {
    restore();
    if (models.length < 2) throw error;
    return await makeEach(connection, making, models).catch((again: unknown) => {
      // After some failures, such as a full disk, DuckDB says no more than that there was one.
      throw again instanceof Error && /invalidated/i.test(again.message) ? error : again;
    });
  }
}

async function makeEach(
  connection: Warehouse,
  making: Making,
  models: readonly Model[],
): Promise<ModelResult[]> {
  const results: ModelResult[] = [];
  for (const model of models) results.push(...(await makeModels(connection, making, [model])));
  return results;
}

async function makeTogether(
  connection: Warehouse,
  making: Making,
  models: readonly Model[],
): Promise<ModelResult[]> {
  const { states } = making;
  const results = new Map<Model, ModelResult>();
  let unseen: Model[] = [];
  const look = async () => {
    const byDay = new Set(unseen.filter((model) => results.get(model)?.mode === "incremental"));
    await states.look(connection, unseen, byDay);
    for (const model of unseen) checkColumns(model, states.columnsOf(model) ?? []);
    unseen = [];
  };
  // Of days that were made it is known that they are others; what was made as a whole may have come to the same.
  const isOpen = (model: Model) => !results.get(model)?.daysRebuilt;
  for (const model of models) {
    const isKnown = !making.isFullRefresh && states.recordOf(model).madeOf !== null;
    if (isKnown && readsAny(model, unseen.filter(isOpen), making.graph)) await look();
    if (isKnown && states.stands(model)) {
      results.set(model, keptAsItIs(model, making));
      continue;
    }
    states.begin(model);
    results.set(model, await makeOne(connection, making, model));
    unseen.push(model);
  }
  await look();
  for (const [model, result] of results) {
    if (model.materialization === "table") result.rowCount = states.recordOf(model).rowCount;
  }
  await recordModels(connection, states, results);
  await recordSeenDays(
    connection,
    [...results].flatMap(([{ name }, { daysRebuilt }]) =>
      daysRebuilt ? { reader: name, relations: making.plans.get(name)?.follows ?? [] } : [],
    ),
  );
  return [...results.values()];
}

async function makeOne(
  connection: Warehouse,
  { effects, plans, states, known, isFullRefresh, inFull }: Making,
  model: Model,
): Promise<ModelResult> {
  const startedAt = effects.wallClock();
  const { days, whyFull } = await runModel(connection, model, {
    plan: plans.get(model.name),
    followedBy: daysFollowed(plans).get(relationOf(model)),
    isFullRefresh,
    isThere: states.columnsOf(model) !== undefined,
    known,
    byItself: (work) => inFull(model, work),
  });
  return {
    name: model.name,
    materialization: model.materialization,
    rowCount: null,
    durationMs: Math.max(0, effects.wallClock().getTime() - startedAt.getTime()),
    mode: days === null ? "full" : "incremental",
    daysRebuilt: days?.length ?? null,
    whyFull,
    startedAt,
  };
}

function keptAsItIs({ name, materialization }: Model, { effects }: Making): ModelResult {
  return {
    name,
    materialization,
    rowCount: null,
    durationMs: 0,
    mode: "kept",
    daysRebuilt: 0,
    whyFull: null,
    startedAt: effects.wallClock(),
  };
}

/** Whether a model reads one of some others, itself or by way of views. */
function readsAny(
  model: Model,
  others: readonly Model[],
  { readings }: Pick<ModelGraph, "readings">,
): boolean {
  return (readings.get(model.name)?.inputs ?? []).some(
    ({ model: read }) =>
      read !== undefined &&
      (others.includes(read) || (read.materialization === "view" && readsAny(read, others, { readings }))),
  );
}
