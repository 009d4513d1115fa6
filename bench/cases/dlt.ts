import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openWarehouse } from "../../src/warehouse.ts";
import { writeWorkspace } from "../../src/workspace-template.ts";
import type { ServerTask } from "../gateway-task.ts";
import { atLeast, type Outcome, type SuiteOptions, timed, times } from "../outcome.ts";
import { pythonRivals } from "../python.ts";
import { repository } from "../repository.ts";
import { Skip } from "../skip.ts";
import { spawned } from "../spawned.ts";

const leastSpeed = 5;
/** dlt takes minutes for a million rows, and fewer are enough to tell. */
const mostRows = 200_000;
const key = { accessKeyId: "bench", secretKey: "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY" };
const [first, last] = ["2025-11-01", "2026-10-31"];
const days = 365;

/** A year of machines that run all day, each with its disk. */
const scenarioOf = (rows: number): string => `
seed: bench
now: 2026-11-03T06:00:00Z
history_from: ${first}
organization: { id: org-bench, name: bench }
access_keys: [{ access_key_id: ${key.accessKeyId}, secret_key: ${key.secretKey} }]
locations: [us-east1-a]
projects: [{ key: p, id: project-0, name: p }]
vm_types: [{ product_name: h100-80gb-sxm-ib.8x, gpu_type: H100, num_gpu: 8, cpu_cores: 176, memory_gb: 960, description: 8x H100 }]
fleets: [{ name: f, project: p, type: h100-80gb-sxm-ib.8x, location: us-east1-a, from: ${first}, vms: ${Math.max(1, Math.round(rows / days / 2))} }]
`;

/** Loads usage by resource from one local gateway, by tally and by dlt, a whole command each. */
export async function dltCase({ rows }: SuiteOptions): Promise<Outcome[]> {
  const rivals = await pythonRivals();
  if ("reason" in rivals) throw new Skip(rivals.reason);
  const root = await mkdtemp(join(tmpdir(), "tally-bench-dlt-"));
  const task: ServerTask = { kind: "gateway", scenario: scenarioOf(Math.min(rows, mostRows)) };
  const server = fork(fileURLToPath(new URL("../gateway-task.js", import.meta.url)), [JSON.stringify(task)]);
  try {
    const [port] = (await once(server, "message")) as [number];
    const endpoint = `http://127.0.0.1:${port}/v1alpha5`;
    const env = {
      CRUSOE_ACCESS_KEY_ID: key.accessKeyId,
      CRUSOE_SECRET_KEY: key.secretKey,
      CRUSOE_API_ENDPOINT: endpoint,
      TALLY_NOW: "2026-11-03T06:00:00Z",
      DLT_TELEMETRY: "false",
      RUNTIME__DLTHUB_TELEMETRY: "false",
    };
    const workspace = join(root, "costs");
    await writeWorkspace(workspace);
    await writeFile(join(workspace, "tally.toml"), "");
    const database = join(root, "dlt.duckdb");
    const script = join(repository, "bench", "rivals", "load_by_dlt.py");
    const dlt = await spawned(rivals.python, [script, endpoint, "org-bench", first, last, database], {
      env,
      cwd: root,
    });
    const cli = join(repository, "dist", "cli.js");
    const span = ["--from", first, "--to", last, "--streams", "resource_usage", "--quiet"];
    const tally = await spawned(process.execPath, [cli, "ingest", "--workspace", workspace, ...span], {
      env,
    });
    const ours = await count(join(workspace, "data", "warehouse.duckdb"));
    const theirs = await count(database);
    if (ours !== theirs) throw new Error(`tally has ${ours} rows, and dlt ${theirs}.`);
    return [
      {
        name: "dlt",
        what: `${ours.toLocaleString("en-US")} rows of usage by resource from one local API, the whole command`,
        tally: timed(tally),
        rival: `${timed(dlt)}, dlt`,
        judged: atLeast(dlt.elapsedMs / tally.elapsedMs, leastSpeed, times),
      },
    ];
  } finally {
    server.disconnect();
    await rm(root, { recursive: true, force: true });
  }
}

async function count(path: string): Promise<number> {
  const database = await openWarehouse(path, { memoryLimit: "384MB", threads: 2 });
  try {
    const row = await database.first<{ rows: string }>("select count(*) as rows from raw.resource_usage");
    return Number(row?.rows);
  } finally {
    database.close();
  }
}
