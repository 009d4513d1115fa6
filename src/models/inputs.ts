import { createHash } from "node:crypto";
import { packageVersion } from "../package.ts";
import type { Warehouse } from "../warehouse.ts";
import { lastChanges, noDays } from "./days.ts";
import { relationOf } from "./graph.ts";
import type { DayPlan, WholeInput } from "./incremental.ts";
import type { Model } from "./project.ts";
import { type InputState, type Inputs, type SeenChanges, seenChanges, seenInputs, toldBy } from "./seen.ts";
import { columnsOf, columnsText, fingerprintOf } from "./table-contents.ts";

/** How the state of a model's own text is called among its inputs. */
const ownText = "its own text";

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
    stateOf: lookedUpState,
    columnsOf: async (on, relation) => columnsText(await columnsOf(on, relation)),
  };
}

/** The state of a table that is read as a whole, of which nothing is remembered. */
export async function lookedUpState(
  connection: Warehouse,
  { relation, words, isByDay }: WholeInput,
): Promise<InputState> {
  if (isByDay) return toldBy((await lastChanges(connection, [relation])).get(relation) ?? noDays);
  return toldBy(await fingerprintOf(connection, relation, await columnsOf(connection, relation), words));
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
