import { sqlText, type Warehouse } from "../warehouse.ts";
import { changedDays, type DaysOfRows } from "./days.ts";
import { checkFollowed, followedAs, refuseOtherDays } from "./followed.ts";
import { type ModelGraph, relationOf } from "./graph.ts";
import { currentInputs, type KnownInputs } from "./inputs.ts";
import type { Model } from "./project.ts";
import { type Inputs, isSameState } from "./seen.ts";

/** What the days of a model rest on, seen through the views between. */
export interface DayPlan {
  /** The column that holds the day. */
  by: string;
  /** Whether a row is of a day, or of the month that begins with it. */
  each: "day" | "month";
  /** The tables that it follows by day. */
  follows: readonly string[];
  /** How many days before it a day rests on, too. */
  looksBackDays: number;
  /** The models that its SELECT reads and it follows, of which it needs only the days that it rests on. */
  read: readonly { model: Model; days: DaysOfRows }[];
  /** Those of them that are not made by day, raw tables and others, with their days, which are told by what they hold. */
  sources: ReadonlyMap<string, DaysOfRows>;
  /** The views that it follows, which hold no days of their own. */
  views: readonly Model[];
  /** All else that it reads: whatever changes in it can change every day. */
  whole: readonly WholeInput[];
}

/** A table that is read as a whole. */
export interface WholeInput {
  relation: string;
  /** The names of which its columns are read; null for every one. */
  words: ReadonlySet<string> | null;
  /** Whether it is made by day itself, so that the last change of a day tells its state. */
  isByDay: boolean;
}

/** Of so many days and this share of all, a model is made in full: it costs no more then. */
const mostDays = { number: 62, share: 0.25 };

/**
 * How each model whose header says that it is incremental follows others by day.
 *
 * @throws ConfigError, with file and line, for a header that says what can't be
 */
export function planDays({ order, readings }: ModelGraph): Map<string, DayPlan> {
  const plans = new Map<string, DayPlan>();
  const days = new Map<string, DaysOfRows>();
  for (const model of order) {
    const { incremental } = model.header;
    if (!incremental) continue;
    const { inputs, words } = readings.get(model.name) ?? { inputs: [], words: new Set<string>() };
    checkFollowed(model, incremental, inputs);
    const plan = {
      follows: new Set<string>(),
      sources: new Map<string, DaysOfRows>(),
      views: new Set<Model>(),
    };
    const read: { model: Model; days: DaysOfRows }[] = [];
    const whole: WholeInput[] = [];
    for (const input of inputs) {
      const other = input.model ? plans.get(input.model.name) : undefined;
      const followed = followedAs(incremental, input);
      const [from, to] = followed?.span ?? [incremental.by, incremental.by];
      if (input.model && followed) read.push({ model: input.model, days: { from, to } });
      if (!followed) {
        whole.push({
          relation: input.relation,
          words: input.isReadWhole ? null : words,
          isByDay: other !== undefined && input.model?.materialization === "table",
        });
      } else if (!other) {
        refuseOtherDays(days, model, input.relation, { from, to });
        plan.follows.add(input.relation);
        plan.sources.set(input.relation, { from, to });
      } else if (input.model?.materialization === "table") {
        plan.follows.add(input.relation);
      } else {
        for (const relation of other.follows) plan.follows.add(relation);
        for (const [relation, days] of other.sources) plan.sources.set(relation, days);
        for (const view of [...(input.model ? [input.model] : []), ...other.views]) plan.views.add(view);
        whole.push(...other.whole);
      }
    }
    plans.set(model.name, {
      by: incremental.by,
      each: incremental.each,
      follows: [...plan.follows],
      looksBackDays: incremental.looksBackDays,
      read,
      sources: plan.sources,
      views: [...plan.views],
      whole,
    });
  }
  return plans;
}

/** By which days it shows that rows of a model changed. */
export interface DaysToCompare {
  /** The tables whose days they are. */
  relations: readonly string[];
  /** How many days before its own a day of the model rests on. */
  looksBackDays: number;
  /** The state of all else that the rows rest on; null where it is not known. */
  inputs: Inputs | null;
}

/** The days by which those who read a model, such as its tests, know what changed in it. */
export async function daysToCompare(
  connection: Warehouse,
  model: Model,
  plan: DayPlan,
  known: KnownInputs,
): Promise<DaysToCompare> {
  if (model.materialization === "table") {
    return { relations: [relationOf(model)], looksBackDays: 0, inputs: new Map() };
  }
  // A view has no days of its own: its rows are those of what it follows, and of all else that it reads.
  const inputs = await currentInputs(connection, model, plan, known);
  return { relations: plan.follows, looksBackDays: plan.looksBackDays, inputs };
}

/** The days of a model that are to be made again, or why all of them are. */
export async function daysToRebuild(
  connection: Warehouse,
  model: Model,
  plan: DayPlan,
  known: KnownInputs,
): Promise<{ days: string[] } | { why: string }> {
  const seen = known.seen.get(model.name);
  if (!seen) return { why: "it was not made by day before" };
  const inputs = await currentInputs(connection, model, plan, known);
  if (!inputs) return { why: "a view that it follows was not built as its file is now" };
  const names = new Set([...seen.keys(), ...inputs.keys()]);
  const changed = [...names].filter((name) => !isSameState(seen.get(name), inputs.get(name)));
  if (changed.length > 0) {
    return { why: `${changed.map((name) => name.replace(/ \d+$/, "")).join(", ")} changed` };
  }
  const found = await changedDays(connection, known.seenChanges.get(model.name), plan.follows, plan);
  const days = found.filter((day) => day !== null);
  if (days.length < found.length) return { why: "rows without a day changed" };
  if (!(await isFew(connection, [relationOf(model)], days)))
    return { why: `${days.length} of its days changed` };
  return { days };
}

/** Whether so few of a relation's days are named that it pays to look at them apart. */
export async function isFew(
  connection: Warehouse,
  relations: readonly string[],
  days: readonly string[],
): Promise<boolean> {
  if (days.length <= mostDays.number) return true;
  const known = await connection.first<{ days: number }>(
    `select count(distinct day)::integer as days
     from meta.changed_day
     where relation in (${relations.map(sqlText).join(", ")})`,
  );
  return days.length <= (known?.days ?? 0) * mostDays.share;
}
