/** One task of bench/build, in a process of its own: `node build-task.js '{"kind": …}'`; prints what it came to as JSON. */
import { writeFile } from "node:fs/promises";
import { loadConfig } from "../src/config.ts";
import { type Effects, fixedClock } from "../src/effects.ts";
import { createLog } from "../src/log.ts";
import { build } from "../src/models/build.ts";
import { type ModelContext, openModelConnection } from "../src/models/context.ts";
import { fileTest, modelTests } from "../src/models/data-tests.ts";
import { publish } from "../src/models/publish.ts";
import { openWarehouse, sqlName, type Warehouse } from "../src/warehouse.ts";
import { workspaceAt } from "../src/workspace.ts";
import { type Measured, measured } from "./measured.ts";
import {
  addNight,
  createOrganization,
  firstNow,
  type OrganizationSize,
  prices,
} from "./organization-data.ts";
import { readModels, writePlainProject } from "./plain-project.ts";

export interface BuildTask {
  /**
   * prepare the raw tables, add a night to them, build, run the same SQL bare, publish, or write what models and tests are
   * made of for another tool, with all that they rest on in the warehouse.
   */
  kind: "prepare" | "night" | "build" | "bare" | "publish" | "models";
  root: string;
  size: OrganizationSize;
  threads: number;
  /** Whether the clock stands a day on. */
  isNightLater: boolean;
}

async function run({ kind, root, size, threads, isNightLater }: BuildTask): Promise<Measured> {
  const workspace = workspaceAt(root);
  const now = new Date(firstNow.getTime() + (isNightLater ? 86_400_000 : 0));
  const effects: Effects = {
    env: { HOME: root },
    cwd: root,
    now: fixedClock(now.toISOString()),
    wallClock: () => new Date(),
    fetch: globalThis.fetch,
    stdout: process.stdout,
    stderr: process.stderr,
    log: createLog(process.stderr, "quiet"),
  };
  if (kind === "prepare") await writeFile(workspace.csv.prices, prices);
  const config = loadConfig(effects, workspace.tallyToml);
  const warehouse = await openWarehouse(workspace.warehouse, { ...config.warehouse, threads });
  const context: ModelContext = { effects, config, workspace, warehouse };
  const nothing = { rows: 0, quantity: "" };
  try {
    if (kind === "bare") {
      const statements = await bareStatements(context);
      const connection = await openModelConnection(warehouse);
      const result = await measured(async () => {
        for (const sql of statements) await connection.run(sql);
        return nothing;
      });
      connection.close();
      return { ...result, ...(await totals(warehouse)) };
    }
    if (kind === "models") {
      await writePlainProject(context);
      return { ...nothing, elapsedMs: 0, cpuMs: 0, peakMb: 0 };
    }
    const work = {
      prepare: () => createOrganization(warehouse, size),
      night: () => addNight(warehouse, size),
      build: () => build(context),
      publish: () => publish(context),
    }[kind];
    const result = await measured(async () => {
      await work();
      return nothing;
    });
    return kind === "build" ? { ...result, ...(await totals(warehouse)) } : result;
  } finally {
    warehouse.close();
  }
}

/** What the runner would have DuckDB compute, and nothing around it: every model and every data test. */
async function bareStatements(context: ModelContext): Promise<string[]> {
  const { effects } = context;
  const project = await readModels(context);
  const { order } = project;
  const models = order.map(
    ({ layer, name, materialization, sql }) =>
      `create or replace ${materialization} ${layer}.${sqlName(name)} as ${sql}`,
  );
  const tests = [
    ...order.flatMap((model) => modelTests(model, effects.now())),
    ...project.tests.map(fileTest),
  ];
  return [...models, ...tests.map(({ count }) => `select (${count})`)];
}

/** Rows and money of what was built, to tell that both built the same. */
async function totals(warehouse: Warehouse): Promise<Pick<Measured, "rows" | "quantity">> {
  const connection = await openModelConnection(warehouse);
  const row = await connection.first<{ row_count: string; quantity: string }>(`
    select
      (select count(*) from fct_resource_usage_daily) + (select count(*) from fct_usage_revisions) as row_count,
      (select sum(cost) || ' ' || sum(hash(costs)) from fct_cost_daily as costs) as quantity
  `);
  connection.close();
  return { rows: Number(row?.row_count), quantity: row?.quantity ?? "" };
}

const task = JSON.parse(process.argv[2] ?? "{}") as BuildTask;
process.stdout.write(JSON.stringify(await run(task)));
