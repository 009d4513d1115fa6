import { availableParallelism } from "node:os";
import { sqlName, type Warehouse } from "../warehouse.ts";
import { type ModelContext, openModelConnection, writeBuildContext } from "./context.ts";
import { createGraph, leadingViews, type ModelGraph, relationOf } from "./graph.ts";
import { keepIdleHistory } from "./idle-history.ts";
import { type DayPlan, planDays } from "./incremental.ts";
import type { KnownInputs } from "./inputs.ts";
import { keptReadings } from "./kept-readings.ts";
import { mostRowsBeside } from "./lanes.ts";
import { publishedReader } from "./last-published.ts";
import { dropLeftovers } from "./leftovers.ts";
import { type Making, type ModelResult, makeModels } from "./make-models.ts";
import { fileReader, testsReader } from "./passed-tests.ts";
import { priceModel, refuseOverlappingPrices } from "./prices.ts";
import { loadProject, type Model, projectRoots } from "./project.ts";
import { readStates } from "./read-states.ts";
import { knownReadings, recallReadings } from "./references.ts";
import { loadSeeds } from "./seeds.ts";
import { forgetOthers, seenChanges, seenInputs } from "./seen.ts";
import { selectModels } from "./selection.ts";
import { oneAtATime, runSideBySide } from "./side-by-side.ts";
import { tableSizes } from "./table-sizes.ts";
import { testProject } from "./test.ts";
import { planTestDays, type TestPlan } from "./test-days.ts";
import type { TestResult } from "./test-results.ts";
import { takeThreads } from "./threads.ts";

export interface BuildOptions {
  /** NAME, +NAME, NAME+ or several with commas between; default: every model. */
  select?: string;
  /** Whether every day of a model is made anew, also where nothing changed. */
  fullRefresh?: boolean;
}

export interface BuildSummary {
  models: ModelResult[];
  tests: TestResult[];
  testsDurationMs: number;
  durationMs: number;
}

/** More groups of models at once would only wait for each other, and share the memory out. */
const mostAtOnce = 4;

/** About how long a few days of a model take, in milliseconds, where it was made in full last. */
const fewDaysDuration = 30;

/** A large model that takes as long, in milliseconds, gains by several threads. */
const longDuration = 1000;

/** More models in one transaction would save little more, and keep other lanes waiting for them. */
const mostTogether = { number: 6, milliseconds: 150 };

/**
 * Runs the models of sql/ in the order of their own FROM clauses, side by side where that allows it, then tests
 * what they made. A model that would come to the same as when it was made last is kept as it is. A failed test is a
 * warning here and a row of meta.test; a model that can't be built ends the build, and leaves every table as its last
 * build made it.
 *
 * @throws ConfigError for a CSV or a model's header that is not as it should be, and for prices that overlap
 * @throws UsageError where the selection names no model
 * @throws TallyError for SQL that fails, with file and line
 */
export async function build(context: ModelContext, options: BuildOptions = {}): Promise<BuildSummary> {
  const { effects, workspace, warehouse } = context;
  const startedAt = effects.wallClock().getTime();
  // The files of sql/ are read while DuckDB is at work.
  const loading = loadProject(projectRoots(workspace));
  loading.catch(() => undefined);
  const connection = await openModelConnection(warehouse);
  const lanes: [Warehouse, ...Warehouse[]] = [connection];
  const threads = await takeThreads(warehouse);
  try {
    await writeBuildContext(connection, context);
    await loadSeeds(connection, workspace, context.config.prices.currency);
    const project = await loading;
    const kept = await keptReadings(connection);
    const selects = [...project.models, ...project.tests];
    recallReadings(kept, selects);
    const graph = await createGraph(connection, project.models);
    const selected = options.select === undefined ? graph.order : selectModels(graph, options.select);
    const allPlans = planDays(graph);
    await dropLeftovers(connection, project.models);
    const allTestPlans = await planTestDays(connection, project, allPlans);
    await forgetWholeModels(connection, graph, allPlans, allTestPlans);
    // Nothing is kept of a build as of an instant, so that it has nothing to compare with.
    const plans = context.asOf ? new Map<string, DayPlan>() : allPlans;
    const testPlans = context.asOf ? new Map<string, TestPlan>() : allTestPlans;
    // Each is planned by one thread, and waits for the disk to be committed: twice as many keep the threads busy.
    const width = Math.min(mostAtOnce, 2 * (context.config.warehouse.threads ?? availableParallelism()));
    while (lanes.length < width) lanes.push(await openModelConnection(warehouse));
    const states = await readStates(lanes, { graph, plans, selected: context.asOf ? [] : selected });
    const known: KnownInputs = {
      seen: await seenInputs(connection),
      seenChanges: await seenChanges(connection),
      stateOf: states.inputState,
      columnsOf: states.columnsText,
    };
    const isFullRefresh = options.fullRefresh === true;
    const rows = await tableSizes(connection);
    const isLarge = (model: Model) => rowsRead(model, graph, rows) > mostRowsBeside;
    const oneLarge = oneAtATime();
    const making: Making = {
      effects,
      graph,
      plans,
      states,
      known,
      isFullRefresh,
      async inFull(model, work) {
        if (!isLarge(model)) return work();
        // What was made by day took less time than all of it will.
        const duration = plans.has(model.name) ? null : states.recordOf(model).durationMs;
        if ((duration ?? longDuration) >= longDuration) await threads.giveBack();
        return oneLarge(work);
      },
    };
    const models = await buildSelected(context, making, lanes, { selected, rows, isLarge });
    const names = new Set(selected.map((model) => model.name));
    await keepIdleHistory(connection, graph, names);
    const testedFrom = effects.wallClock().getTime();
    const rowCount = (model: Model) =>
      model.materialization === "view" ? rowsRead(model, graph, rows) : (rows.get(relationOf(model)) ?? 0);
    const built = { names, plans, testPlans, states, known, rowCount, lanes };
    const tests = await testProject(connection, project, effects.now(), built);
    warnOfFailures(context, tests);
    await kept.keep(knownReadings(selects));
    const endedAt = effects.wallClock().getTime();
    return { models, tests, testsDurationMs: endedAt - testedFrom, durationMs: endedAt - startedAt };
  } finally {
    // After some failures, such as a full disk, DuckDB does nothing more: what is told is the failure.
    await threads.giveBack().catch(() => undefined);
    for (const lane of lanes) lane.close();
  }
}

/** A model that is no longer made by day, and would be so again later, has nothing to go by then. */
async function forgetWholeModels(
  connection: Warehouse,
  { order }: ModelGraph,
  plans: ReadonlyMap<string, DayPlan>,
  testPlans: ReadonlyMap<string, TestPlan>,
): Promise<void> {
  const readers = [
    ...[...plans.keys()].flatMap((name) => [name, testsReader(name)]),
    ...[...testPlans.keys()].map(fileReader),
    ...order.map(({ name }) => publishedReader(name)),
  ];
  const made = order.filter(({ name }) => plans.has(name)).map(relationOf);
  const followed = [...plans.values()].flatMap(({ follows }) => follows);
  await forgetOthers(connection, readers, [...made, ...followed]);
}

/** What is to be built, and how large it is. */
interface ToBuild {
  selected: readonly Model[];
  /** By relation, how many rows each table has; grows as models are made. */
  rows: Map<string, number>;
  isLarge(model: Model): boolean;
}

async function buildSelected(
  context: ModelContext,
  making: Making,
  lanes: readonly [Warehouse, ...Warehouse[]],
  { selected, rows, isLarge }: ToBuild,
): Promise<ModelResult[]> {
  const [connection] = lanes;
  const { graph, plans, states, isFullRefresh } = making;
  const built = new Map<string, ModelResult>();
  const make = async (on: Warehouse, models: readonly Model[]): Promise<void> => {
    for (const result of await makeModels(on, making, models)) {
      built.set(result.name, result);
      context.effects.log.detail(`built ${result.name}: ${describe(result)} in ${result.durationMs} ms`);
    }
  };
  const views = leadingViews(graph, selected);
  await make(connection, views);
  // Prices are checked before anything is computed with them, whatever is selected.
  await make(
    connection,
    selectModels(graph, `+${priceModel}`).filter(({ name }) => !built.has(name)),
  );
  await refuseOverlappingPrices(connection, context.workspace.csv.prices);
  // Of one that was made by day before, few days are as good as always all that is made.
  const isByDay = (model: Model) => plans.has(model.name) && making.known.seen.has(model.name);
  await runSideBySide(
    selected.filter(({ name }) => !built.has(name)),
    {
      width: lanes.length,
      mostTogether,
      reads: graph.reads,
      durations: new Map(
        selected.map((model) => {
          const duration = states.recordOf(model).durationMs ?? 0;
          return [model.name, isByDay(model) ? Math.min(duration, fewDaysDuration) : duration];
        }),
      ),
      isLarge: (model) => isLarge(model) && (isFullRefresh || !(isByDay(model) || states.stands(model))),
      async run(models, lane) {
        await make(lanes[lane] ?? connection, models);
        for (const model of models) rows.set(relationOf(model), built.get(model.name)?.rowCount ?? 0);
      },
    },
  );
  return selected.flatMap(({ name }) => built.get(name) ?? []);
}

function describe({ mode, rowCount, daysRebuilt, whyFull }: ModelResult): string {
  const size = rowCount === null ? "view" : `${rowCount} rows`;
  if (mode === "kept") return `${size}, kept as it is`;
  if (daysRebuilt !== null) return `${size}, ${daysRebuilt} ${daysRebuilt === 1 ? "day" : "days"} anew`;
  return whyFull === null ? size : `${size}, in full since ${whyFull}`;
}

/** The rows of the tables that a model reads, also by way of views. */
function rowsRead(model: Model, graph: ModelGraph, rows: ReadonlyMap<string, number>): number {
  const inputs = graph.readings.get(model.name)?.inputs ?? [];
  return inputs.reduce(
    (sum, { relation, model: read }) =>
      sum + (read?.materialization === "view" ? rowsRead(read, graph, rows) : (rows.get(relation) ?? 0)),
    0,
  );
}

function warnOfFailures({ effects }: ModelContext, tests: readonly TestResult[]): void {
  for (const { name, severity, failingRows, query } of tests) {
    if (failingRows === 0) continue;
    effects.log.warn(
      `the data test ${sqlName(name)} (${severity}) failed on ${failingRows} rows; see them with: ${query}`,
    );
  }
}
