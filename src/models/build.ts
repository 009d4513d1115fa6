import { sqlName, type Warehouse } from "../warehouse.ts";
import { type ModelContext, openModelConnection, writeBuildContext } from "./context.ts";
import { createGraph, type ModelGraph, selectModels } from "./graph.ts";
import { keepIdleHistory } from "./idle-history.ts";
import { priceModel, refuseOverlappingPrices } from "./prices.ts";
import { loadProject, projectRoots } from "./project.ts";
import { dropLeftovers, type ModelResult, runModel } from "./run-model.ts";
import { loadSeeds } from "./seeds.ts";
import { type TestResult, testProject } from "./test.ts";

export interface BuildOptions {
  /** NAME, +NAME, NAME+ or several with commas between; default: every model. */
  select?: string;
}

export interface BuildSummary {
  models: ModelResult[];
  tests: TestResult[];
  durationMs: number;
}

/**
 * Runs the models of sql/ in the order of their own FROM clauses, then tests what they made. A failed test
 * is a warning here and a row of meta.test; a model that can't be built ends the build, and leaves every
 * table as its last build made it.
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
    await dropLeftovers(connection, project.models);
    const built = await buildPrices(context, connection, graph);
    const models: ModelResult[] = [];
    for (const model of selected) {
      const result = built.get(model.name) ?? (await runModel(connection, effects, model));
      const size = result.rowCount === null ? "view" : `${result.rowCount} rows`;
      effects.log.detail(`built ${model.name}: ${size} in ${result.durationMs} ms`);
      models.push(result);
    }
    const names = new Set(selected.map((model) => model.name));
    await keepIdleHistory(connection, graph, names);
    const tests = await testProject(connection, project, names, effects.now());
    warnOfFailures(context, tests);
    return { models, tests, durationMs: effects.wallClock().getTime() - startedAt };
  } finally {
    connection.close();
  }
}

/** Prices are checked before anything is computed with them, whatever is selected. */
async function buildPrices(
  { effects, workspace }: ModelContext,
  connection: Warehouse,
  graph: ModelGraph,
): Promise<Map<string, ModelResult>> {
  const built = new Map<string, ModelResult>();
  for (const model of selectModels(graph, `+${priceModel}`)) {
    built.set(model.name, await runModel(connection, effects, model));
  }
  await refuseOverlappingPrices(connection, workspace.csv.prices);
  return built;
}

function warnOfFailures({ effects }: ModelContext, tests: readonly TestResult[]): void {
  for (const { name, severity, failingRows, query } of tests) {
    if (failingRows === 0) continue;
    effects.log.warn(
      `the data test ${sqlName(name)} (${severity}) failed on ${failingRows} rows; see them with: ${query}`,
    );
  }
}
