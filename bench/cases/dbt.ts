import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openWarehouse } from "../../src/warehouse.ts";
import { workspaceAt } from "../../src/workspace.ts";
import type { PlainModel } from "../build-task.ts";
import { atLeast, type Outcome, type SuiteOptions, timed, times } from "../outcome.ts";
import { pythonRivals } from "../python.ts";
import { repository } from "../repository.ts";
import { Skip } from "../skip.ts";
import { spawned } from "../spawned.ts";
import { organizationOf, runBuild, withOrganization } from "./build.ts";

const leastSpeed = 3;

/** Builds all models on the same raw tables, by tally and by dbt-duckdb, from the start of the command to its end. */
export async function dbtCase({ rows }: SuiteOptions): Promise<Outcome[]> {
  const rivals = await pythonRivals();
  if ("reason" in rivals) throw new Skip(rivals.reason);
  const size = organizationOf(rows);
  return withOrganization(size, async (copyOf) => {
    const theirs = await copyOf();
    await runBuild("models", theirs, size);
    const models = JSON.parse(await readFile(join(theirs, "models.json"), "utf8")) as PlainModel[];
    await writeProject(theirs, models);
    const args = ["run", "--quiet", "--threads", "2", "--project-dir", theirs, "--profiles-dir", theirs];
    const dbt = await spawned(rivals.dbt, args, {
      cwd: theirs,
      env: { DBT_SEND_ANONYMOUS_USAGE_STATS: "false" },
    });
    const ours = await copyOf();
    const task = { kind: "build", root: ours, size, threads: 2, isNightLater: false };
    const script = join(repository, ".bench", "bench", "build-task.js");
    const tally = await spawned(process.execPath, [script, JSON.stringify(task)]);
    const totals = [await totalOf(ours), await totalOf(theirs)];
    if (totals[0] !== totals[1]) throw new Error(`tally came to ${totals[0]}, and dbt to ${totals[1]}.`);
    await rm(theirs, { recursive: true });
    return [
      {
        name: "dbt",
        what: `all ${models.length} models on ${(size.vms * size.days).toLocaleString("en-US")} rows by resource, the whole command; tally's with its data tests`,
        tally: timed(tally),
        rival: `${timed(dbt)}, dbt-duckdb`,
        judged: atLeast(dbt.elapsedMs / tally.elapsedMs, leastSpeed, times),
      },
    ];
  });
}

/** Writes the models as a dbt project: each as it is, with what it reads declared, and names found as tally finds them. */
async function writeProject(root: string, models: readonly PlainModel[]): Promise<void> {
  const path = join(root, "models");
  for (const { layer, name, materialization, sql, reads } of models) {
    await mkdir(join(path, layer), { recursive: true });
    const declared = reads.map((each) => `-- depends_on: {{ ref('${each}') }}`).join("\n");
    await writeFile(
      join(path, layer, `${name}.sql`),
      `{{ config(materialized='${materialization}', schema='${layer}') }}\n${declared}\n{% raw %}\n${sql.trim().replace(/;$/, "")}\n{% endraw %}\n`,
    );
  }
  await mkdir(join(root, "macros"), { recursive: true });
  await writeFile(
    join(root, "macros", "schema.sql"),
    "{% macro generate_schema_name(custom, node) %}{{ custom or target.schema }}{% endmacro %}\n",
  );
  await writeFile(
    join(root, "dbt_project.yml"),
    "name: tally\nversion: '1.0'\nprofile: tally\nmodel-paths: [models]\nmacro-paths: [macros]\nflags: { send_anonymous_usage_stats: false }\n",
  );
  const database = JSON.stringify(workspaceAt(root).warehouse);
  await writeFile(
    join(root, "profiles.yml"),
    `tally:\n  target: bench\n  outputs:\n    bench:\n      type: duckdb\n      path: ${database}\n      schema: marts\n      threads: 2\n      settings: { search_path: 'marts,intermediate,staging', TimeZone: UTC, memory_limit: 384MB, threads: 2 }\n`,
  );
}

async function totalOf(root: string): Promise<string> {
  const warehouse = await openWarehouse(workspaceAt(root).warehouse, { memoryLimit: "384MB", threads: 2 });
  try {
    const row = await warehouse.first<{ total: string }>(
      "select count(*) || ' ' || sum(cost) || ' ' || sum(gpu_hours) as total from marts.fct_cost_daily",
    );
    return row?.total ?? "";
  } finally {
    warehouse.close();
  }
}
