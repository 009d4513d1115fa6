import { createHash } from "node:crypto";
import type { Warehouse } from "../warehouse.ts";
import { type DaysOfRows, lastChanges, noDays } from "./days.ts";
import { type Input, type ModelGraph, type ModelReading, relationOf } from "./graph.ts";
import type { DayPlan, WholeInput } from "./incremental.ts";
import { lookedUpState, textOf } from "./inputs.ts";
import type { Model } from "./project.ts";
import { type InputState, toldBy } from "./seen.ts";
import {
  type Column,
  columnsOf,
  columnsOfTables,
  columnsText,
  fingerprintOf,
  rowsOfTables,
} from "./table-contents.ts";

/** What is known of a model since it was made. */
export interface RecordedModel {
  /** What it was made of; null where that could not be told. */
  madeOf: string | null;
  /** What its table holds; null for a view, and for a table that is made by day. */
  content: string | null;
  /** How many rows its table has; null for a view. */
  rowCount: number | null;
  /** How long it took when it was last made before this build, in milliseconds; null where that is not known. */
  durationMs: number | null;
}

/** What is known of the tables and views of a warehouse. */
export interface KnownRelations {
  /** By relation in lower case, the columns of each table and view. */
  columns: Map<string, readonly Column[]>;
  /** By the name of the model. */
  models: Map<string, RecordedModel>;
  /** By relation in lower case, what the tables hold that no model makes, and those that are known by their days. */
  rows: Map<string, string>;
  /** The clock and the settings of the build, by their columns. */
  settings: Readonly<Record<string, unknown>>;
}

/** The one row with the clock and the settings, of which a model reads some columns. */
export const buildTable = "meta.build";

/** The state of a table that is known by its days, while these are made: that of no other time. */
const beingMade = "being made";

/**
 * What every table and view holds, each as one short text that is another where its columns or rows are. A model
 * that would be made of the same as it was made of stands as it is.
 */
export interface RelationStates {
  /** The columns of a table or view; undefined where there is none. */
  columnsOf(model: Model): readonly Column[] | undefined;
  /** What is known of a model since it was made. */
  recordOf(model: Model): RecordedModel;
  /** Whether a model's table or view is there, and is made of what it would be made of now. */
  stands(model: Model): boolean;
  /** What a query rests on: its text, and the states of all that it reads; null where that can't be told. */
  restsOn(text: string, reading: ModelReading): string | null;
  /** The state of a table that is read as a whole; where it is what it was when `seen`, without reading it. */
  inputState(connection: Warehouse, input: WholeInput, seen: InputState | undefined): Promise<InputState>;
  /** The columns of a table or view as one text. */
  columnsText(connection: Warehouse, relation: string): Promise<string>;
  /** Takes note that a model is made: what its table holds is not known until it is looked at. */
  begin(model: Model): void;
  /** Looks at what models hold that were just made; at the columns of those only that are not among `sameColumns`. */
  look(connection: Warehouse, made: readonly Model[], sameColumns: ReadonlySet<Model>): Promise<void>;
  /** What puts back what is known of some models, for work on them that comes to nothing. */
  restorer(models: readonly Model[]): () => void;
}

/** The days by which some model follows each relation. */
export function daysFollowed(plans: ReadonlyMap<string, DayPlan>): Map<string, DaysOfRows> {
  return new Map([...plans.values()].flatMap(({ sources }) => [...sources]));
}

/** The states of all that is known, which grows as models are made. */
export function statesOf(
  { readings, order }: Pick<ModelGraph, "readings" | "order">,
  plans: ReadonlyMap<string, DayPlan>,
  known: KnownRelations,
): RelationStates {
  const followed = daysFollowed(plans);
  const keyOf = (model: Model) => relationOf(model).toLowerCase();
  const modelAt = new Map(order.map((model) => [keyOf(model), model]));
  const isByDay = ({ name, materialization }: Model) => materialization === "table" && plans.has(name);
  /** The tables that are being made, of which nothing is known. */
  const unseen = new Set<string>();
  /** By relation and the names of columns, the states that were looked up. */
  const looked = new Map<string, Map<string, string>>();
  const recordOf = ({ name }: Model): RecordedModel =>
    known.models.get(name) ?? { madeOf: null, content: null, rowCount: null, durationMs: null };

  const stateOf = (input: Input, words: ReadonlySet<string>): string | null => {
    const { relation, model, isReadWhole } = input;
    if (relation === buildTable) {
      return settingsText(known.settings, isReadWhole ? null : words);
    }
    const columns = known.columns.get(relation.toLowerCase());
    if (columns === undefined) return null;
    if (model?.materialization === "view") {
      const reading = readings.get(model.name);
      return reading && stands(model) ? restsOn(viewMadeOf(model), reading) : null;
    }
    const rows = model && !isByDay(model) ? recordOf(model).content : known.rows.get(relation.toLowerCase());
    return rows === undefined || rows === null ? null : `${columnsText(columns)} ${rows}`;
  };

  const restsOn = (text: string, { inputs, words, isRepeatable }: ModelReading): string | null => {
    if (!isRepeatable) return null;
    const states = inputs.map((input) => [input.relation, stateOf(input, words)] as const);
    return states.some(([, state]) => state === null) ? null : digest([text, states]);
  };

  /** Whether a view reads what is being made. */
  const restsOnUnseen = (model: Model): boolean =>
    unseen.has(keyOf(model)) ||
    (model.materialization === "view" &&
      (readings.get(model.name)?.inputs ?? []).some((input) => input.model && restsOnUnseen(input.model)));

  /** A view is made of its text, and of the columns of all that it reads. */
  const viewMadeOf = (view: Model): string =>
    digest([
      textOf(view),
      (readings.get(view.name)?.inputs ?? []).map(({ relation, model }) =>
        model?.materialization === "view"
          ? [relation, viewMadeOf(model)]
          : [relation, columnsText(known.columns.get(relation.toLowerCase()) ?? [])],
      ),
    ]);

  const madeOf = (model: Model): string | null => {
    if (model.materialization === "view") return viewMadeOf(model);
    const reading = readings.get(model.name);
    const text = JSON.stringify([textOf(model), followed.get(relationOf(model)) ?? null]);
    return reading ? restsOn(text, reading) : null;
  };

  const stands = (model: Model): boolean => {
    const recorded = recordOf(model).madeOf;
    return known.columns.has(keyOf(model)) && recorded !== null && recorded === madeOf(model);
  };

  return {
    columnsOf: (model) => known.columns.get(keyOf(model)),
    recordOf,
    stands,
    restsOn,
    async inputState(connection, input, seen) {
      const { relation, words, isByDay } = input;
      const key = relation.toLowerCase();
      if (relation === buildTable) return toldBy(settingsText(known.settings, words));
      const columns = known.columns.get(key);
      if (unseen.has(key) || !columns) return lookedUpState(connection, input);
      if (isByDay) return toldBy(known.rows.get(key) ?? noDays);
      const model = modelAt.get(key);
      const isSettled = !model || !restsOnUnseen(model);
      const content = isSettled ? stateOf({ relation, model, isReadWhole: true, line: 1 }, new Set()) : null;
      if (seen && content !== null && seen.content === content) return seen;
      const states = looked.get(key) ?? new Map<string, string>();
      looked.set(key, states);
      const names = words && columns.map(({ name }) => name).filter((name) => words.has(name.toLowerCase()));
      const part = names === null ? "*" : names.join(" ");
      const fingerprint = states.get(part) ?? (await fingerprintOf(connection, relation, columns, words));
      if (isSettled) states.set(part, fingerprint);
      return { fingerprint, content };
    },
    async columnsText(connection, relation) {
      const key = relation.toLowerCase();
      const columns = unseen.has(key) ? undefined : known.columns.get(key);
      return columnsText(columns ?? (await columnsOf(connection, relation)));
    },
    begin(model) {
      unseen.add(keyOf(model));
      if (isByDay(model)) known.rows.set(keyOf(model), beingMade);
      looked.delete(keyOf(model));
    },
    async look(connection, made, sameColumns) {
      const others = made.filter((model) => !sameColumns.has(model));
      const columns = await columnsOfTables(connection, others.map(relationOf));
      for (const model of others) known.columns.set(keyOf(model), columns.get(relationOf(model)) ?? []);
      const tables = made.filter(({ materialization }) => materialization === "table");
      const rows = await rowsOfTables(
        connection,
        tables.map((model) => ({ relation: relationOf(model), isHashed: !isByDay(model) })),
      );
      const changes = await lastChanges(connection, tables.filter(isByDay).map(relationOf));
      for (const model of tables) {
        const { rowCount, content } = rows.get(relationOf(model)) ?? { rowCount: null, content: null };
        known.models.set(model.name, { ...recordOf(model), madeOf: null, content, rowCount });
        if (isByDay(model)) known.rows.set(keyOf(model), changes.get(relationOf(model)) ?? noDays);
      }
      for (const model of made) unseen.delete(keyOf(model));
      for (const model of made) known.models.set(model.name, { ...recordOf(model), madeOf: madeOf(model) });
    },
    restorer(models) {
      const before = models.map((model) => ({
        model,
        columns: known.columns.get(keyOf(model)),
        record: known.models.get(model.name),
        rows: known.rows.get(keyOf(model)),
      }));
      return () => {
        looked.clear();
        for (const { model, columns, record, rows } of before) {
          unseen.delete(keyOf(model));
          put(known.columns, keyOf(model), columns);
          put(known.models, model.name, record);
          put(known.rows, keyOf(model), rows);
        }
      };
    },
  };
}

/** The settings of these names as one text; null names for all. */
function settingsText(settings: KnownRelations["settings"], names: ReadonlySet<string> | null): string {
  return JSON.stringify(Object.entries(settings).filter(([name]) => names === null || names.has(name)));
}

function put<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

function digest(told: unknown): string {
  return createHash("sha256").update(JSON.stringify(told)).digest("hex");
}
