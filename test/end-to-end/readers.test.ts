import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { soleAccount } from "../../src/accounts.ts";
import { loadConfig } from "../../src/config.ts";
import { publish } from "../../src/models/publish.ts";
import { packageRoot } from "../../src/package.ts";
import { run } from "../../src/run.ts";
import { openWarehouse } from "../../src/warehouse.ts";
import { workspaceAt } from "../../src/workspace.ts";
import { writeWorkspace } from "../../src/workspace-template.ts";
import { testEffects } from "../effects.ts";
import { start } from "../gateway/acme.ts";
import { key } from "../gateway/signed-client.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import {
  dayMs,
  expectedBefore,
  firstNight,
  nightsOrganization,
  nightsPrices,
} from "./nights-organization.ts";

const readers = 10;
const wholeRuns = 3;
const publishesPerRun = 17;

/** The build that a file is of, and what its tables come to up to that day: they are of one build, or do not agree. */
const query = `
  select
    (select strftime(built_at, '%Y-%m-%dT%H:%M:%SZ') from meta_build),
    (
      select sum(gpu_hours)::decimal(18, 4)::varchar
      from fct_gpu_hours_daily
      where usage_date < (select today from meta_build)
    ),
    (
      select sum(cost)::decimal(18, 4)::varchar
      from fct_cost_daily
      where usage_date < (select today from meta_build)
    ),
    (select count(*)::integer from fct_usage_daily) - (select count(*)::integer from fct_cost_daily)
`;

interface Reader {
  child: ChildProcess;
  ended: Promise<{ reads: number; states: [string, string, string, number][] } | { error: string }>;
}

async function startReader(path: string): Promise<Reader> {
  const child = fork(join(packageRoot, "test", "end-to-end", "reader.mjs"), [path, query], { execArgv: [] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [first] = await once(child, "message");
  if (first !== "up") throw new Error(JSON.stringify(first));
  const ended = once(child, "message").then(([message]) => message as Awaited<Reader["ended"]>);
  return { child, ended };
}

test("ten readers that open and query in a loop during fifty publishes, three of them whole runs, see no error and no mixture", async () => {
  let clockMs = firstNight;
  const gateway = await start({ organization: nightsOrganization(), clock: () => new Date(clockMs) });
  onTestFinished(() => gateway.close());
  const root = join(temporaryFolder(), "costs");
  await writeWorkspace(root);
  const workspace = workspaceAt(root);
  writeFileSync(
    workspace.tallyToml,
    '[warehouse]\nthreads = 1\n[reports]\nformats = ["csv"]\n[publish]\nparquet = "lake"\n',
  );
  writeFileSync(workspace.csv.prices, nightsPrices);
  const contextOf = () => {
    const env = { CRUSOE_API_ENDPOINT: gateway.endpoint };
    const effects = testEffects({ cwd: root, now: new Date(clockMs).toISOString(), env });
    const config = loadConfig(effects, workspace.tallyToml);
    return { effects, workspace, config, accounts: [soleAccount(config, key)] };
  };
  /** What each build comes to, as the query says it. */
  const builds = new Map<string, [string, string]>();
  const noteBuild = (night: number) => {
    const { gpuHours, cost } = expectedBefore(9 + night);
    const at = new Date(clockMs).toISOString().replace(".000Z", "Z");
    builds.set(at, [`${gpuHours}.0000`, (cost / 1000).toFixed(4)]);
  };

  await run(contextOf());
  noteBuild(0);
  const watching = await Promise.all(Array.from({ length: readers }, () => startReader(workspace.analytics)));
  for (let night = 1; night <= wholeRuns; night++) {
    clockMs = firstNight + night * dayMs;
    noteBuild(night);
    await run(contextOf());
    const context = contextOf();
    const warehouse = await openWarehouse(workspace.warehouse, context.config.warehouse);
    for (let i = 1; i < publishesPerRun; i++) {
      // The same build, published once more as if it were of another minute.
      clockMs += 60_000;
      noteBuild(night);
      await warehouse.run(`update meta.build set now = make_timestamp(${clockMs} * 1000)`);
      await publish({ ...context, warehouse });
    }
    warehouse.close();
  }
  for (const { child } of watching) child.send("done");
  const seen = new Set<string>();
  for (const { ended } of watching) {
    const result = await ended;
    if ("error" in result) throw new Error(result.error);
    expect(result.reads).toBeGreaterThan(wholeRuns * 2);
    for (const [builtAt, gpuHours, cost, difference] of result.states) {
      expect([builtAt, gpuHours, cost, difference]).toEqual([builtAt, ...(builds.get(builtAt) ?? []), 0]);
      seen.add(builtAt);
    }
    const order = result.states.map(([builtAt]) => builtAt);
    expect(order).toEqual(order.toSorted());
    expect(new Set(order).size).toBe(order.length);
  }
  // The folder of Parquet is that of the last run.
  const lake = await openWarehouse(join(root, "reader.duckdb"), contextOf().config.warehouse);
  const today = new Date(firstNight + wholeRuns * dayMs).toISOString().slice(0, 10);
  expect(
    await lake.first(`
      select sum(gpu_hours)::decimal(18, 4)::varchar as gpu_hours
      from read_parquet('${join(root, "lake", "fct_gpu_hours_daily", "*", "*.parquet")}')
      where usage_date < date '${today}'
    `),
  ).toEqual({ gpu_hours: `${expectedBefore(9 + wholeRuns).gpuHours}.0000` });
  lake.close();
  expect(builds.size).toBe(1 + wholeRuns * publishesPerRun);
  // Readers came by at most of them, the first and the last among these.
  expect(seen.size).toBeGreaterThan(builds.size / 4);
  expect([...seen].toSorted().at(-1)).toBe([...builds.keys()].at(-1));
}, 300_000);
