import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openWarehouse, sqlName, type Warehouse } from "../../src/warehouse.ts";
import { workspaceAt } from "../../src/workspace.ts";
import type { BuildTask } from "../build-task.ts";
import { writeDbtProject } from "../dbt-project.ts";
import type { OrganizationSize } from "../organization-data.ts";
import { atLeast, type Outcome, type SuiteOptions, timed, times, told } from "../outcome.ts";
import { readPlainProject } from "../plain-project.ts";
import { pythonRivals } from "../python.ts";
import { repository } from "../repository.ts";
import { Skip } from "../skip.ts";
import { type Spawned, spawned } from "../spawned.ts";
import { organizationOf, runBuild, withOrganization } from "./build.ts";

const leastSpeed = 3;

/** How many models and tests dbt works on at once: one for each processor. */
const dbtThreads = "2";

/**
 * Builds all models and runs all data tests on the same raw tables, by tally and by `dbt build`, each from the start of its
 * process to the end; then once more, a night later.
 */
export async function dbtCase({ rows }: SuiteOptions): Promise<Outcome[]> {
  const rivals = await pythonRivals();
  if ("reason" in rivals) throw new Skip(rivals.reason);
  const size = organizationOf(rows);
  return withOrganization(size, async (copyOf) => {
    const [ours, theirs] = [await copyOf(), await copyOf()];
    await runBuild("models", theirs, size);
    const project = await readPlainProject(theirs);
    await writeDbtProject(theirs, project);
    const dbt = (command: string) => runDbt(rivals.dbt, theirs, command);
    // As it is for who runs it every night: what it parsed is kept from one run to the next.
    await dbt("parse");
    const full = { dbt: await dbt("build"), tally: await runTally(ours, size, false) };
    const tests = await compare(ours, theirs);

    for (const root of [ours, theirs]) await runBuild("night", root, size);
    await runBuild("models", theirs, size, true);
    const night = { dbt: await dbt("build"), tally: await runTally(ours, size, true) };
    await compare(ours, theirs);
    const what = `${project.models.length} models and ${tests} data tests on ${rowsOf(size)}`;
    const version = `dbt ${rivals.dbtVersion} with dbt-duckdb`;
    return [
      {
        name: "dbt",
        what: `build and test: ${what}`,
        tally: timed(full.tally),
        rival: `${timed(full.dbt)}, dbt build, ${version}`,
        judged: atLeast(full.dbt.elapsedMs / full.tally.elapsedMs, leastSpeed, times),
      },
      {
        name: "dbt",
        what: "the same a night later: one new day, seven read again",
        tally: timed(night.tally),
        rival: `${timed(night.dbt)}, dbt build, which makes all anew`,
        judged: told(night.dbt.elapsedMs / night.tally.elapsedMs, times),
      },
    ];
  });
}

const rowsOf = ({ vms, days }: OrganizationSize): string =>
  `${(vms * days).toLocaleString("en-US")} rows by resource`;

function runDbt(command: string, root: string, what: string): Promise<Spawned> {
  const args = ["--quiet", "--threads", dbtThreads, "--project-dir", root, "--profiles-dir", root];
  return spawned(command, [what, ...args], {
    cwd: root,
    env: { DBT_SEND_ANONYMOUS_USAGE_STATS: "false" },
  });
}

/** Builds and tests in a process of its own, as `tally build` does before it publishes, which dbt has no like of. */
function runTally(root: string, size: OrganizationSize, isNightLater: boolean): Promise<Spawned> {
  const task: BuildTask = { kind: "build", root, size, threads: 2, isNightLater };
  const script = join(repository, ".bench", "bench", "build-task.js");
  return spawned(process.execPath, [script, JSON.stringify(task)]);
}

/**
 * How many tests both ran.
 *
 * @throws Error where they did not come to the same tables, or to as many tests that failed
 */
async function compare(ours: string, theirs: string): Promise<number> {
  const [mine, others] = [await readBuilt(ours), await readBuilt(theirs)];
  const different = [...mine.keys()].filter((table) => mine.get(table) !== others.get(table));
  if (different.length > 0 || mine.size !== others.size) {
    throw new Error(`tally and dbt did not come to the same in ${different.join(", ")}.`);
  }
  const [tests, dbtTests] = [await testsOf(ours), await dbtTestsOf(theirs)];
  if (tests.run !== dbtTests.run || tests.failed !== dbtTests.failed) {
    throw new Error(
      `Of ${tests.run} tests ${tests.failed} failed with tally, and of ${dbtTests.run} ${dbtTests.failed} with dbt.`,
    );
  }
  return tests.run;
}

/** By public table, how many rows it has, and what they are. */
async function readBuilt(root: string): Promise<Map<string, string>> {
  return withWarehouse(root, async (warehouse) => {
    const tables = await warehouse.all<{ name: string }>(`
      select table_name as name
      from information_schema.tables
      where table_schema = 'marts' and table_catalog = current_database()
    `);
    const built = new Map<string, string>();
    for (const { name } of tables) {
      const row = await warehouse.first<{ all_of_it: string }>(
        `select count(*) || ' ' || coalesce(sum(hash(each)::hugeint), 0) as all_of_it from marts.${sqlName(name)} as each`,
      );
      built.set(name, row?.all_of_it ?? "");
    }
    return built;
  });
}

interface TestsRun {
  run: number;
  failed: number;
}

function testsOf(root: string): Promise<TestsRun> {
  return withWarehouse(root, async (warehouse) => {
    const row = await warehouse.first<TestsRun>(
      "select count(*)::integer as run, (count(*) filter (where failing_rows > 0))::integer as failed from meta.test",
    );
    return row ?? { run: 0, failed: 0 };
  });
}

async function dbtTestsOf(root: string): Promise<TestsRun> {
  const { results } = JSON.parse(await readFile(join(root, "target", "run_results.json"), "utf8")) as {
    results: { unique_id: string; failures: number | null }[];
  };
  const tests = results.filter(({ unique_id }) => unique_id.startsWith("test."));
  return { run: tests.length, failed: tests.filter(({ failures }) => (failures ?? 0) > 0).length };
}

async function withWarehouse<T>(root: string, work: (warehouse: Warehouse) => Promise<T>): Promise<T> {
  const warehouse = await openWarehouse(workspaceAt(root).warehouse, { memoryLimit: "384MB", threads: 2 });
  try {
    await warehouse.run("set search_path = 'marts,intermediate,staging'");
    return await work(warehouse);
  } finally {
    warehouse.close();
  }
}
