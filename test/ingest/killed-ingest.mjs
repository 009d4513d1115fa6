// One ingest in a process of its own, which kills itself at the so-manieth time that it comes to a step.
// Arguments: the built package's folder, the workspace, the endpoint, the credential, the instant, the streams, step,
// count.
import { pathToFileURL } from "node:url";

const [dist, root, endpoint, accessKeyId, secretKey, now, streams, step, count] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(`${dist}/${path}`).href);
const { ingest } = await load("ingest/ingest.js");
const { openWarehouse } = await load("warehouse.js");
const { workspaceAt } = await load("workspace.js");

const silent = () => undefined;
let left = Number(count);
const workspace = workspaceAt(root);
const warehouse = await openWarehouse(workspace.warehouse, { memoryLimit: "256MB", threads: 1 });
const context = {
  effects: {
    env: {},
    cwd: root,
    now: () => new Date(now),
    wallClock: () => new Date(),
    fetch: globalThis.fetch,
    stdout: process.stdout,
    stderr: process.stderr,
    log: { info: silent, detail: silent, warn: silent },
  },
  config: {
    api: { endpoint, organization: undefined, timeoutMs: 10_000, maxInFlight: 8, maxAttempts: 6 },
    ingest: { lookbackDays: 7 },
    raw: { keepDays: 400, keepBytes: 2 ** 33 },
  },
  credentials: { accessKeyId, secretKey },
  workspace,
  warehouse,
  onStep(reached) {
    if (reached === step && --left === 0) process.kill(process.pid, "SIGKILL");
  },
};
const summary = await ingest(context, { streams: streams.split(",") });
warehouse.close();
process.exit(summary.failures.length === 0 ? 0 : 3);
