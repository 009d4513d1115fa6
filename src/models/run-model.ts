import { sqlName, type Warehouse } from "../warehouse.ts";
import { checkColumns } from "./check-columns.ts";
import { around, type DaysOfRows, isAmong, noteModelDays } from "./days.ts";
import { relationOf } from "./graph.ts";
import { type DayPlan, daysToRebuild } from "./incremental.ts";
import { currentInputs, type KnownInputs, ownInputs } from "./inputs.ts";
import { modelError } from "./model-error.ts";
import type { Model } from "./project.ts";
import { forget, recordSeen } from "./seen.ts";
import { noteSourceDays } from "./source-days.ts";
import { columnsOf } from "./table-contents.ts";

/** How a model is to be made, but for what its own file says. */
export interface Running {
  /** How it follows others by day; undefined where it is made as a whole. */
  plan: DayPlan | undefined;
  /** The days by which others follow it though it is made as a whole; undefined where none does. */
  followedBy: DaysOfRows | undefined;
  /** Whether it is made in full whatever has changed. */
  isFullRefresh: boolean;
  /** Whether there is a table or view of it. */
  isThere: boolean;
  /** What is known of what models are made of. */
  known: KnownInputs;
  /** Does work that takes most of the memory, while no other of its kind is done. */
  byItself<T>(work: () => Promise<T>): Promise<T>;
}

/** How a model was made. */
export interface Making {
  /** The days of it that were made anew; null where all of it was. */
  days: readonly string[] | null;
  /** Why a model that can be made by day was made in full. */
  whyFull: string | null;
}

/**
 * Makes one model within a transaction that is open: its table or view, or the days of it that changed, and by what
 * its days are known later. That it has seen the days that were made is left to record.
 *
 * @throws TallyError that names the file and the line where its SQL fails
 */
export async function runModel(connection: Warehouse, model: Model, running: Running): Promise<Making> {
  const { plan, followedBy, byItself } = running;
  const { days, whyFull } = await whatToBuild(connection, model, running);
  if (days !== null && plan) {
    if (days.length > 0) {
      await replaceDays(connection, model, plan, days);
    }
  } else {
    await byItself(() => replaceAll(connection, model, running));
    if (followedBy !== undefined) await noteSourceDays(connection, relationOf(model), followedBy);
  }
  return { days, whyFull };
}

async function whatToBuild(
  connection: Warehouse,
  model: Model,
  { plan, isFullRefresh, isThere, known }: Running,
): Promise<Making> {
  if (!plan || model.materialization === "view") return { days: null, whyFull: null };
  if (isFullRefresh) return { days: null, whyFull: "a full refresh was asked for" };
  if (!isThere) return { days: null, whyFull: "there is no table of it yet" };
  const found = await daysToRebuild(connection, model, plan, known);
  return "why" in found ? { days: null, whyFull: found.why } : { days: found.days, whyFull: null };
}

async function replaceAll(connection: Warehouse, model: Model, { plan, known }: Running): Promise<void> {
  const relation = tableOf(model);
  try {
    // On one line before the SELECT, so that the lines of DuckDB's errors are those of the file.
    await connection.run(`create or replace ${model.materialization} ${relation} as ${model.sql}`);
  } catch (error) {
    throw modelError(model, error);
  }
  if (!plan) return;
  // By its days it is known only if it has them.
  checkColumns(model, await columnsOf(connection, relation));
  if (model.materialization === "view") {
    await recordSeen(connection, model.name, [], ownInputs(model));
    known.seen.set(model.name, ownInputs(model));
    return;
  }
  await noteModelDays(connection, relationOf(model), plan.by, null);
  const inputs = await currentInputs(connection, model, plan, known);
  if (inputs) await recordSeen(connection, model.name, plan.follows, inputs);
  else await forget(connection, model.name);
}

async function replaceDays(
  connection: Warehouse,
  model: Model,
  plan: DayPlan,
  days: readonly string[],
): Promise<void> {
  const relation = tableOf(model);
  const isRebuilt = isAmong(plan.by, days);
  // What the days rest on stands in the place of each table that is followed: no window is taken over years to look
  // at a week of them. On one line before the SELECT, so that the lines of DuckDB's errors are those of the file.
  const needed = plan.read.map(
    (read) =>
      `${sqlName(read.model.name)} as (select * from ${tableOf(read.model)} where ${around(read.days, days, plan)})`,
  );
  const within = needed.length > 0 ? `with ${needed.join(", ")} ` : "";
  try {
    await connection.run(`delete from ${relation} where ${isRebuilt}`);
    await connection.run(
      `insert into ${relation} ${within}select * from (${model.sql}\n) as ${sqlName(model.name)} where ${isRebuilt}`,
    );
  } catch (error) {
    throw modelError(model, error);
  }
  await noteModelDays(connection, relationOf(model), plan.by, days);
}

function tableOf({ layer, name }: Model): string {
  return `${layer}.${sqlName(name)}`;
}
