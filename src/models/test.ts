import type { DuckDBResult } from "@duckdb/node-api";
import { ConfigError } from "../errors/config-error.ts";
import { TallyError } from "../errors/tally-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import { sqlText, type Warehouse } from "../warehouse.ts";
import { type ModelContext, modelLayers, openModelConnection } from "./context.ts";
import { countFailing, type LooksAt } from "./count-failing.ts";
import { type DataTest, fileTest, modelTests } from "./data-tests.ts";
import type { DayPlan } from "./incremental.ts";
import type { KnownInputs } from "./inputs.ts";
import { shareOut } from "./lanes.ts";
import {
  fileReader,
  type PassedTests,
  rowsOfModel,
  rowsOfTest,
  testsReader,
  whatPassed,
} from "./passed-tests.ts";
import { loadProject, type Model, type Project, projectRoots, type SqlTest } from "./project.ts";
import type { RelationStates } from "./relation-states.ts";
import { type Follower, recordSeenDays } from "./seen.ts";
import type { TestPlan } from "./test-days.ts";
import { passedOn, type TestResult, writeResults } from "./test-results.ts";
import { basesOf } from "./unchanged-tests.ts";

export interface TestOptions {
  /** Names of tests, or of models for all that is tested of them; default: every test. */
  select?: readonly string[];
}

/**
 * Tests every model's grain and what its header claims, and runs the queries of sql/tests. Writes meta.test.
 *
 * @throws UsageError where the selection names neither a test nor a model
 * @throws TallyError where a model was never built, or a test's SQL fails
 */
export async function testModels(context: ModelContext, options: TestOptions = {}): Promise<TestResult[]> {
  const project = await loadProject(projectRoots(context.workspace));
  const connection = await openModelConnection(context.warehouse);
  try {
    const built = await builtModels(connection);
    const missing = project.models.find(({ name }) => !built.has(name));
    if (missing) {
      throw new TallyError(`${missing.name} was never built, so it can't be tested.`, {
        hint: "Build every model with `tally build`, without --select.",
      });
    }
    const names = new Set(project.models.map(({ name }) => name));
    const now = context.effects.now();
    const tests = testsOf(project, names, now);
    const { select } = options;
    if (select === undefined) return await runTests(connection, tests, { isFull: true, now });
    const unknown = select.find((name) => !tests.some((test) => test.name === name || test.model === name));
    if (unknown !== undefined) {
      throw new UsageError(
        `There is no data test ${JSON.stringify(unknown)}, and no model of that name that has one.`,
        {
          hint: "`tally sql 'select test_name from meta_test'` lists the tests.",
        },
      );
    }
    const selected = tests.filter(({ name, model }) =>
      select.some((each) => each === name || each === model),
    );
    return await runTests(connection, selected, { isFull: false, now });
  } finally {
    connection.close();
  }
}

/** Hands the first of the rows that fail a test to `read`. */
export async function readFailingRows<T>(
  { warehouse }: Pick<ModelContext, "warehouse">,
  { query }: Pick<TestResult, "query">,
  limit: number,
  read: (rows: DuckDBResult) => Promise<T>,
): Promise<T> {
  const connection = await openModelConnection(warehouse);
  try {
    return await read(await connection.stream(`select * from (${query}\n) limit ${limit}`));
  } finally {
    connection.close();
  }
}

/** What a build made, and by what it is known what changed in it. */
export interface Built {
  /** The names of the models that were to be made. */
  names: ReadonlySet<string>;
  plans: ReadonlyMap<string, DayPlan>;
  testPlans: ReadonlyMap<string, TestPlan>;
  states: RelationStates;
  known: KnownInputs;
  /** About how many rows a model's table has, or those that a view reads. */
  rowCount(model: Model): number;
  /** The connections of the build, as many as tests are run at once. */
  lanes: readonly Warehouse[];
}

/**
 * Tests the models of a build; the queries of sql/tests speak of several, and run with every model only. A test that
 * passed on what it would look at now is not run again, and one by day is run on the days that changed since.
 */
export async function testProject(
  connection: Warehouse,
  project: Project,
  now: Date,
  { names, plans, testPlans, states, known: inputs, rowCount, lanes }: Built,
): Promise<TestResult[]> {
  const built = await builtModels(connection);
  const tests = testsOf(project, names, now).filter(({ reads }) => reads === undefined || built.has(reads));
  const isFull = project.models.every((model) => names.has(model.name));
  const bases = await basesOf(connection, project, states, tests);
  const known = await passedOn(connection);
  const hasPassed = (test: DataTest) => {
    const basis = bases.get(test) ?? null;
    return basis !== null && known.get(test.name) === basis;
  };
  const toRun = tests.filter((test) => !hasPassed(test));
  const passed = new Map<string, PassedTests>();
  const ofModel = (model: Model) => async (on: Warehouse) => {
    const plan = plans.get(model.name);
    if (!plan || model.layer === "staging" || !toRun.some((test) => test.model === model.name)) return;
    const own = tests.filter((test) => test.model === model.name);
    const rows = await rowsOfModel(on, model, plan, inputs);
    passed.set(testsReader(model.name), await whatPassed(on, project, rows, own, inputs));
  };
  const ofFile = (test: SqlTest) => async (on: Warehouse) => {
    const plan = testPlans.get(test.name);
    if (!plan || !toRun.some(({ model, name }) => model === null && name === test.name)) return;
    const rows = await rowsOfTest(on, test, plan, inputs);
    passed.set(fileReader(test.name), await whatPassed(on, project, rows, [fileTest(test)], inputs));
  };
  await shareOut(lanes, [...project.models.map(ofModel), ...project.tests.map(ofFile)], (on, find) =>
    find(on),
  );
  const modelOf = new Map(project.models.map((model) => [model.name, model]));
  // No row of none fails.
  const ofSome = toRun.filter(({ model }) => {
    const tested = modelOf.get(model ?? "");
    return !tested || states.recordOf(tested).rowCount !== 0;
  });
  const failing = await countFailing(lanes, ofSome, {
    rowsToTest: (test) =>
      passed.get(test.model === null ? fileReader(test.name) : testsReader(test.model))?.rowsToTest(test),
    rowCount({ model }) {
      const tested = modelOf.get(model ?? "");
      return tested ? rowCount(tested) : Number.POSITIVE_INFINITY;
    },
  });
  const results = resultsOf(tests, failing);
  await connection.transaction(async () => {
    await writeResults(connection, resultsOf(toRun, failing), {
      now,
      bases: new Map([...bases].map(([{ name }, basis]) => [name, basis])),
      others: isFull ? tests.filter(hasPassed).map(({ name }) => name) : undefined,
    });
    const followers: Follower[] = [];
    for (const each of passed.values()) {
      const follower = await each.record(results);
      if (follower) followers.push(follower);
    }
    await recordSeenDays(connection, followers);
  });
  return results;
}

function testsOf(project: Project, names: ReadonlySet<string>, now: Date): DataTest[] {
  const tests = project.models
    .filter((model) => names.has(model.name))
    .flatMap((model) => modelTests(model, now));
  const astray = tests.find(
    ({ reads }) => reads !== undefined && !project.models.some(({ name }) => name === reads),
  );
  if (astray) {
    throw new ConfigError(
      `${astray.file}:1: the test ${astray.name} speaks of ${astray.reads}, which is no model.`,
      {
        hint: "Mend the spelling under tests in the file's header.",
      },
    );
  }
  const isFull = project.models.every((model) => names.has(model.name));
  return isFull ? [...tests, ...project.tests.map(fileTest)] : tests;
}

async function builtModels(connection: Warehouse): Promise<Set<string>> {
  const schemas = modelLayers.map(sqlText).join(", ");
  const rows = await connection.all<{ name: string }>(`
    select table_name as name
    from duckdb_tables()
    where database_name = current_database() and schema_name in (${schemas})
    union all
    select view_name
    from duckdb_views()
    where database_name = current_database() and schema_name in (${schemas})
  `);
  return new Set(rows.map(({ name }) => name));
}

const looksAtAll: LooksAt = { rowsToTest: () => undefined, rowCount: () => Number.POSITIVE_INFINITY };

/** Runs tests on every row that they look at. */
async function runTests(
  connection: Warehouse,
  tests: readonly DataTest[],
  { isFull, now }: { isFull: boolean; now: Date },
): Promise<TestResult[]> {
  const results = resultsOf(tests, await countFailing([connection], tests, looksAtAll));
  await connection.transaction(() =>
    // What was not run stays as it was, except where everything ran: then it is a test that is no more.
    writeResults(connection, results, { now, bases: new Map(), others: isFull ? [] : undefined }),
  );
  return results;
}

function resultsOf(tests: readonly DataTest[], failing: ReadonlyMap<DataTest, number>): TestResult[] {
  return tests.map((test) => {
    const { name, model, severity, query } = test;
    return { name, model, severity, query, failingRows: failing.get(test) ?? 0 };
  });
}
