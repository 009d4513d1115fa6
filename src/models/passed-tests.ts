import { createHash } from "node:crypto";
import { sqlName, type Warehouse } from "../warehouse.ts";
import type { DataTest } from "./data-tests.ts";
import { changedDays, isAmong } from "./days.ts";
import { relationOf } from "./graph.ts";
import { type DayPlan, type DaysToCompare, daysToCompare, isFew } from "./incremental.ts";
import { type KnownInputs, otherInputs } from "./inputs.ts";
import type { Model, Project, SqlTest } from "./project.ts";
import { areSameInputs, type Follower, type InputState, type Inputs, recordSeen, toldBy } from "./seen.ts";
import type { TestPlan } from "./test-days.ts";

/** What is known of tests by day: which passed, and on which days. */
export interface PassedTests {
  /** The rows to look at: those of the days that changed since the test passed; undefined for all. */
  rowsToTest(test: DataTest): string | undefined;
  /**
   * Remembers which of the tests passed, in an open transaction; returns whose days are then to be recorded as seen, where
   * the same passed as before.
   */
  record(results: readonly { name: string; failingRows: number }[]): Promise<Follower | undefined>;
}

/** How the tests of a model are called as one reader of its days. */
export const testsReader = (model: string): string => `tests of ${model}`;

/** How a test of sql/tests is called as a reader of days. */
export const fileReader = (test: string): string => `test ${test}`;

/** What is tested by day. */
export interface TestedByDay extends DaysToCompare {
  reader: string;
  /** Its rows, as a table expression, and their day. */
  rows: string;
  by: string;
}

/** The rows of a model that is made by day. */
export async function rowsOfModel(
  connection: Warehouse,
  model: Model,
  plan: DayPlan,
  known: KnownInputs,
): Promise<TestedByDay> {
  return {
    reader: testsReader(model.name),
    rows: sqlName(model.name),
    by: plan.by,
    ...(await daysToCompare(connection, model, plan, known)),
  };
}

/** The rows that fail a test of sql/tests which is tested by day. */
export async function rowsOfTest(
  connection: Warehouse,
  { name, sql }: SqlTest,
  plan: TestPlan,
  known: KnownInputs,
): Promise<TestedByDay> {
  const inputs = await otherInputs(connection, fileReader(name), plan, known);
  return {
    reader: fileReader(name),
    rows: `(${sql}\n) as failing`,
    by: plan.by,
    relations: plan.follows,
    looksBackDays: 0,
    inputs,
  };
}

/** Finds which tests passed on which days. */
export async function whatPassed(
  connection: Warehouse,
  project: Project,
  { reader, rows, by, relations, looksBackDays, inputs }: TestedByDay,
  tests: readonly DataTest[],
  known: KnownInputs,
): Promise<PassedTests> {
  const seen: Inputs = known.seen.get(reader) ?? new Map();
  const found =
    seen.size === 0
      ? []
      : await changedDays(connection, known.seenChanges.get(reader), relations, {
          looksBackDays,
          each: "day",
        });
  const days = found.filter((day) => day !== null);
  const isByDay = days.length === found.length && (await isFew(connection, relations, days));
  const states = new Map<string, string>();
  for (const test of tests) {
    if (!test.countAmong || !inputs) continue;
    states.set(test.name, await stateOf(connection, project, test, inputs, known));
  }
  return {
    rowsToTest(test) {
      const state = states.get(test.name);
      if (!test.countAmong || !isByDay || state === undefined || seen.get(test.name)?.fingerprint !== state) {
        return undefined;
      }
      return `(select * from ${rows} where ${isAmong(by, days)})`;
    },
    async record(results) {
      const passed = new Map<string, InputState>();
      for (const { name, failingRows } of results) {
        const state = states.get(name);
        if (state !== undefined && failingRows === 0) passed.set(name, toldBy(state));
      }
      const isSame = areSameInputs(passed, seen);
      if (isSame && found.length === 0) return undefined;
      // Where the same tests pass as before, what they saw of the other days stands.
      const isRest = isSame && days.length === found.length;
      if (isRest) return { reader, relations };
      await recordSeen(connection, reader, relations, passed);
      return undefined;
    },
  };
}

/** What a test says, and of what else than the model's own rows. */
async function stateOf(
  connection: Warehouse,
  project: Project,
  test: DataTest,
  inputs: Inputs,
  known: KnownInputs,
): Promise<string> {
  const states = [...inputs].map(([input, { fingerprint }]) => [input, fingerprint]);
  const told = JSON.stringify([test.count, ...states]);
  const text = createHash("sha256").update(told).digest("hex");
  const other = project.models.find(({ name }) => name === test.reads);
  if (!other) return text;
  const column = new Set([(test.readsColumn ?? "").toLowerCase()]);
  const values = { relation: relationOf(other), words: column, isByDay: false };
  return `${text} ${(await known.stateOf(connection, values, undefined)).fingerprint}`;
}
