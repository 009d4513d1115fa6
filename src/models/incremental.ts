import { createHash } from "node:crypto";
import { ConfigError } from "../errors/config-error.ts";
import { packageVersion } from "../package.ts";
import { sqlText, type Warehouse } from "../warehouse.ts";
import {
  changedDays,
  type DaysOfRows,
  type InputState,
  type Inputs,
  isSameState,
  lastChanges,
  type SeenChanges,
  seenChanges,
  seenInputs,
  toldBy,
} from "./days.ts";
import { type Input, type ModelGraph, relationOf } from "./graph.ts";
import type { Followed, Incremental } from "./header.ts";
import type { Model } from "./project.ts";
import { columnsOf, columnsText, fingerprintOf } from "./table-contents.ts";

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

/** How the state of a model's own text is called among its inputs. */
const ownText = "its own text";

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

/** What is known of inputs, and of what readers were made of. */
export interface KnownInputs {
  /** By reader, what each was made of when this build began, and of views since. */
  seen: Map<string, Inputs>;
  /** By reader, which changes of days each had seen when this build began. */
  seenChanges: ReadonlyMap<string, SeenChanges>;
  /** The state of a table that is read as a whole. */
  stateOf(connection: Warehouse, input: WholeInput, seen: InputState | undefined): Promise<InputState>;
  /** The columns of a table or view as one text. */
  columnsOf(connection: Warehouse, relation: string): Promise<string>;
}

/**
 * The state of all that a model is made of, but for what it follows by day. Null where a view that it follows
 * is not as its file has it, so that nothing is known of what that rests on.
 */
export async function currentInputs(
  connection: Warehouse,
  model: Model,
  plan: DayPlan,
  known: KnownInputs,
): Promise<Inputs | null> {
  const others = await otherInputs(connection, model.name, plan, known);
  if (!others) return null;
  const columns =
    model.materialization === "view" ? null : await known.columnsOf(connection, relationOf(model));
  return new Map([
    ...ownInputs(model),
    ...others,
    ...(columns === null ? [] : [["its columns", toldBy(columns)] as const]),
  ]);
}

/** The same without the text of the model itself. */
export async function otherInputs(
  connection: Warehouse,
  reader: string,
  { follows, views, whole }: Pick<DayPlan, "follows" | "views" | "whole">,
  known: KnownInputs,
): Promise<Inputs | null> {
  const seen = known.seen.get(reader);
  const inputs = new Map<string, InputState>();
  for (const view of views) {
    const text = known.seen.get(view.name)?.get(ownText);
    if (text?.fingerprint !== textOf(view)) return null;
    inputs.set(relationOf(view), text);
  }
  for (const relation of follows) {
    inputs.set(`the columns of ${relation}`, toldBy(await known.columnsOf(connection, relation)));
  }
  for (const [index, input] of whole.entries()) {
    // A table that is read here and in a view may be read by other columns there.
    const name = `${input.relation} ${index}`;
    inputs.set(name, await known.stateOf(connection, input, seen?.get(name)));
  }
  return inputs;
}

/** The state of a model's own text, as it is recorded of a view that others follow. */
export function ownInputs(model: Model): Map<string, InputState> {
  return new Map([[ownText, toldBy(textOf(model))]]);
}

/** What is known where nothing is remembered of the tables: each is looked at. */
export async function readInputs(connection: Warehouse): Promise<KnownInputs> {
  return {
    seen: await seenInputs(connection),
    seenChanges: await seenChanges(connection),
    async stateOf(on, { relation, words, isByDay }) {
      if (!isByDay) return toldBy(await fingerprintOf(on, relation, await columnsOf(on, relation), words));
      return toldBy((await lastChanges(on, [relation])).get(relation) ?? "");
    },
    columnsOf: async (on, relation) => columnsText(await columnsOf(on, relation)),
  };
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

/** A model's own text, as one short word that tells whether it changed. */
export function textOf(model: Model): string {
  const known = texts.get(model);
  if (known !== undefined) return known;
  const { sql, header, materialization } = model;
  const told = JSON.stringify([packageVersion(), materialization, header, sql]);
  const text = createHash("sha256").update(told).digest("hex");
  texts.set(model, text);
  return text;
}

const texts = new WeakMap<Model, string>();

function followedAs({ follows }: Incremental, { relation, model }: Input): Followed | undefined {
  return follows.find(({ name }) => {
    const followed = name.toLowerCase();
    return followed === relation.toLowerCase() || followed === model?.name.toLowerCase();
  });
}

/** The days of a table are noted once, for all that follow it. */
function refuseOtherDays(
  known: Map<string, DaysOfRows>,
  model: Model,
  relation: string,
  { from, to }: DaysOfRows,
): void {
  const first = known.get(relation) ?? { from, to };
  known.set(relation, first);
  if (first.from === from && first.to === to) return;
  throw new ConfigError(
    `${model.file}:${model.header.incremental?.line}: ${model.name} follows ${relation} by ${from} to ${to}, but others do by ${first.from} to ${first.to}.`,
    { hint: "Follow it by the same columns, or take it out of follows." },
  );
}

function checkFollowed(model: Model, incremental: Incremental, inputs: readonly Input[]): void {
  const place = `${model.file}:${incremental.line}`;
  if (incremental.looksBackDays > 0 && model.materialization === "view") {
    throw new ConfigError(`${place}: ${model.name} looks back over days, which a view can't.`, {
      hint: "What reads a view by day takes its rows of that day alone: say `materialized: table` in its header.",
    });
  }
  const isOfMonths = incremental.each === "month";
  const ownDays = incremental.follows.find(({ span }) => span === null);
  if (isOfMonths && (incremental.looksBackDays > 0 || model.materialization === "view" || ownDays)) {
    throw new ConfigError(
      `${place}: ${model.name} is made by month, so that it is a table, looks back over nothing, and follows others by their days.`,
      {
        hint: `Say by which columns: {${ownDays?.name ?? incremental.follows[0]?.name}: [usage_date, usage_date]}.`,
      },
    );
  }
  const astray = incremental.follows.find(
    (followed) => !inputs.some((input) => followedAs({ ...incremental, follows: [followed] }, input)),
  );
  if (astray !== undefined) {
    throw new ConfigError(
      `${place}: ${model.name} follows ${astray.name} by day, but its SELECT does not read it.`,
      {
        hint: `It reads ${inputs.map(({ model: read, relation }) => read?.name ?? relation).join(", ")}.`,
      },
    );
  }
  for (const input of inputs) {
    const followed = followedAs(incremental, input);
    if (!input.model || !followed) continue;
    const { header, materialization, file, name } = input.model;
    const days = followed.span ?? [incremental.by];
    const isOfItsDays =
      header.incremental?.each === "day" && days.every((day) => day === header.incremental?.by);
    if (isOfItsDays && (isOfMonths || !followed.span)) continue;
    const isTableOfDays =
      materialization === "table" &&
      days.every((day) => header.columns.some((column) => column.name === day));
    if (!header.incremental && isTableOfDays) continue;
    const isWhat = header.incremental
      ? `is made by ${header.incremental.by}${header.incremental.each === "month" ? ", a month" : ""}`
      : materialization === "view"
        ? "is a view that does not say what it follows itself"
        : "has no such column";
    throw new ConfigError(
      `${place}: ${model.name} follows ${name} by ${days.join(" to ")}, but that ${isWhat}.`,
      {
        hint: `Take ${name} out of follows, so that any change of it makes every day anew, or say in ${file} that it is incremental by ${incremental.by}.`,
      },
    );
  }
}
