import { createHash } from "node:crypto";
import { sqlName, type Warehouse } from "../warehouse.ts";
import type { DataTest } from "./data-tests.ts";
import { changedDays, fingerprintOf, isAmong, recordSeen, seenInputs } from "./days.ts";
import { relationOf } from "./graph.ts";
import { currentInputs, type DayPlan, isFew } from "./incremental.ts";
import type { Model, Project } from "./project.ts";

/** What is known of the tests of a model that is made by day: which passed, and on which days. */
export interface PassedTests {
  /** The rows to look at: those of the days that changed since the test passed; undefined for all. */
  rowsToTest(test: DataTest): string | undefined;
  /** Remembers which of the tests passed, on the days as they are now. */
  record(results: readonly { name: string; failingRows: number }[]): Promise<void>;
}

/** How the tests of a model are called as one reader of its days. */
export const testsReader = (model: string): string => `tests of ${model}`;

/** Finds which tests of a model passed on which days. */
export async function whatPassed(
  connection: Warehouse,
  project: Project,
  model: Model,
  plan: DayPlan,
  tests: readonly DataTest[],
): Promise<PassedTests> {
  const reader = testsReader(model.name);
  // A view has no days of its own: its rows are those of what it follows, and of all else that it reads.
  const isView = model.materialization === "view";
  const relations = isView ? plan.follows : [relationOf(model)];
  const inputs = isView ? await currentInputs(connection, model, plan) : new Map<string, string>();
  const seen = await seenInputs(connection, reader);
  const found = seen.size === 0 ? [] : await changedDays(connection, reader, relations);
  const days = found.filter((day) => day !== null);
  const isByDay = days.length === found.length && (await isFew(connection, relations, days));
  const states = new Map<string, string>();
  for (const test of tests) {
    if (!test.countAmong || !inputs) continue;
    states.set(test.name, await stateOf(connection, project, test, inputs));
  }
  return {
    rowsToTest(test) {
      const state = states.get(test.name);
      if (!test.countAmong || !isByDay || state === undefined || seen.get(test.name) !== state) {
        return undefined;
      }
      return `(select * from ${sqlName(model.name)} where ${isAmong(plan.by, days)})`;
    },
    async record(results) {
      const passed = new Map<string, string>();
      for (const { name, failingRows } of results) {
        const state = states.get(name);
        if (state !== undefined && failingRows === 0) passed.set(name, state);
      }
      const isSame =
        passed.size === seen.size && [...passed].every(([name, state]) => seen.get(name) === state);
      if (isSame && found.length === 0) return;
      await connection.transaction(() => recordSeen(connection, reader, relations, passed, null));
    },
  };
}

/** What a test says, and of what else than the model's own rows. */
async function stateOf(
  connection: Warehouse,
  project: Project,
  test: DataTest,
  inputs: ReadonlyMap<string, string>,
): Promise<string> {
  const told = JSON.stringify([test.count, ...inputs]);
  const text = createHash("sha256").update(told).digest("hex");
  const other = project.models.find(({ name }) => name === test.reads);
  if (!other) return text;
  return `${text} ${await fingerprintOf(connection, relationOf(other), new Set([(test.readsColumn ?? "").toLowerCase()]))}`;
}
