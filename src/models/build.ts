import { availableParallelism } from "node:os";
import { sqlName, type Warehouse } from "../warehouse.ts";
import { type ModelContext, openModelConnection, writeBuildContext } from "./context.ts";
import { type DaysOfRows, forgetOthers, noteSourceDays } from "./days.ts";
import { createGraph, type ModelGraph, relationOf, selectModels } from "./graph.ts";
import { keepIdleHistory } from "./idle-history.ts";
import { type DayPlan, planDays } from "./incremental.ts";
import { publishedReader } from "./last-published.ts";
import { fileReader, testsReader } from "./passed-tests.ts";
import { priceModel, refuseOverlappingPrices } from "./prices.ts";
import { loadProject, type Model, projectRoots } from "./project.ts";
import { recordModels } from "./record-models.ts";
import { dropLeftovers, type ModelResult, runModel } from "./run-model.ts";
import { loadSeeds } from "./seeds.ts";
import { runSideBySide } from "./side-by-side.ts";
import { tableSizes } from "./table-sizes.ts";
import { type TestResult, testProject } from "./test.ts";
import { planTestDays, type TestPlan } from "./test-days.ts";
import { makeLeadingViews } from "./views.ts";

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

/** A model that reads more rows runs alone: it takes every thread, and most of the memory. */
const mostRowsBeside = 500_000;

/** More models at once would only wait for each other, and share the memory out. */
const mostAtOnce = 4;

/**
 * Runs the models of sql/ in the order of their own FROM clauses, side by side where that allows it, then tests
 * what they made. A failed test is a warning here and a row of meta.test; a model that can't be built ends the
 * build, and leaves every table as its last build made it.
 *
 * @throws ConfigError for a CSV or a model's header that is not as it should be, and for prices that overlap
 * @throws UsageError where the selection names no model
 * @throws TallyError for SQL that fails, with file and line
 */
export async function build(context: ModelContext, options: BuildOptions = {}): Promise<BuildSummary> {
  const { effects, workspace, warehouse } = context;
  const startedAt = effects.wallClock().getTime();
  const project = await loadProject(projectRoots(workspace));
  const connection = await openModelConnection(warehouse);
  try {
    await writeBuildContext(connection, context);
    await loadSeeds(connection, workspace, context.config.prices.currency);
    const graph = await createGraph(connection, project.models);
    const selected = options.select === undefined ? graph.order : selectModels(graph, options.select);
    const plans = planDays(graph);
    await dropLeftovers(connection, project.models);
    const testPlans = await planTestDays(connection, project, plans);
    await forgetWholeModels(connection, graph, plans, testPlans);
    const isFullRefresh = options.fullRefresh === true;
    const building: Building = { context, graph, plans, isFullRefresh, made: [] };
    // Nothing is kept of a build as of an instant, so that it has nothing to compare with.
    if (!context.asOf) await noteSources(connection, plans, selected);
    const models = await buildSelected(building, connection, selected).finally(() =>
      recordModels(connection, building.made),
    );
    const names = new Set(selected.map((model) => model.name));
    await keepIdleHistory(connection, graph, names);
    const testedFrom = effects.wallClock().getTime();
    const tests = await testProject(
      connection,
      project,
      names,
      effects.now(),
      context.asOf ? new Map() : plans,
      context.asOf ? new Map() : testPlans,
    );
    warnOfFailures(context, tests);
    const endedAt = effects.wallClock().getTime();
    return { models, tests, testsDurationMs: endedAt - testedFrom, durationMs: endedAt - startedAt };
  } finally {
    connection.close();
  }
}

interface Building {
  context: ModelContext;
  graph: ModelGraph;
  plans: ReadonlyMap<string, DayPlan>;
  isFullRefresh: boolean;
  /** What was made so far. */
  made: ModelResult[];
}

async function buildSelected(
  building: Building,
  connection: Warehouse,
  selected: readonly Model[],
): Promise<ModelResult[]> {
  const { context, graph, isFullRefresh, made } = building;
  const plans = context.asOf ? new Map<string, DayPlan>() : building.plans;
  const views = await makeLeadingViews(connection, context.effects, selected, {
    graph,
    plans,
    isFullRefresh,
  });
  made.push(...views.values());
  const built = await buildPrices(building, connection, views);
  return buildAll(building, connection, selected, built);
}

/** Prices are checked before anything is computed with them, whatever is selected. */
async function buildPrices(
  building: Building,
  connection: Warehouse,
  views: ReadonlyMap<string, ModelResult>,
): Promise<Map<string, ModelResult>> {
  const built = new Map(views);
  for (const model of selectModels(building.graph, `+${priceModel}`)) {
    if (!built.has(model.name)) built.set(model.name, await buildModel(building, connection, model));
  }
  await refuseOverlappingPrices(connection, building.context.workspace.csv.prices);
  return built;
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

async function noteSources(
  connection: Warehouse,
  plans: ReadonlyMap<string, DayPlan>,
  selected: readonly Model[],
): Promise<void> {
  const built = new Set(selected.map(relationOf));
  const tables = await tableSizes(connection);
  const noted = new Map<string, DaysOfRows>();
  for (const { name, layer } of selected) {
    // The views of staging only hand on what they follow.
    const plan = layer === "staging" ? undefined : plans.get(name);
    for (const [source, days] of plan?.sources ?? []) {
      // What a model makes in this build is noted when it is made.
      if (!built.has(source) && (tables.has(source) || source.startsWith("raw."))) noted.set(source, days);
    }
  }
  for (const [source, days] of noted) {
    await connection.transaction(() => noteSourceDays(connection, source, days));
  }
}

async function buildAll(
  building: Building,
  connection: Warehouse,
  selected: readonly Model[],
  built: ReadonlyMap<string, ModelResult>,
): Promise<ModelResult[]> {
  const { context, graph } = building;
  const rows = await tableSizes(connection);
  const width = Math.min(mostAtOnce, context.config.warehouse.threads ?? availableParallelism());
  const connections = [connection];
  try {
    while (connections.length < width) connections.push(await openModelConnection(context.warehouse));
    return await runSideBySide(selected, {
      width,
      reads: graph.reads,
      runsAlone: (model) => rowsRead(model, graph, rows) > mostRowsBeside,
      async run(model, lane) {
        const result =
          built.get(model.name) ?? (await buildModel(building, connections[lane] ?? connection, model));
        rows.set(relationOf(model), result.rowCount ?? 0);
        return result;
      },
    });
  } finally {
    for (const other of connections.slice(1)) other.close();
  }
}

async function buildModel(
  { context: { effects, asOf }, plans, isFullRefresh, made }: Building,
  connection: Warehouse,
  model: Model,
): Promise<ModelResult> {
  const plan = asOf ? undefined : plans.get(model.name);
  const followedBy = asOf ? undefined : daysFollowed(plans, relationOf(model));
  const result = await runModel(connection, effects, model, { plan, followedBy, isFullRefresh });
  made.push(result);
  effects.log.detail(`built ${model.name}: ${describe(result)} in ${result.durationMs} ms`);
  return result;
}

/** The days by which some model follows a relation; undefined where none does. */
function daysFollowed(plans: ReadonlyMap<string, DayPlan>, relation: string): DaysOfRows | undefined {
  return [...plans.values()].find(({ sources }) => sources.has(relation))?.sources.get(relation);
}

function describe({ rowCount, daysRebuilt, whyFull }: ModelResult): string {
  const size = rowCount === null ? "view" : `${rowCount} rows`;
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
