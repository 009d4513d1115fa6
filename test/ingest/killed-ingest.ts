// One ingest in a process of its own, which kills itself at the so-manieth time that it comes to a step.
// Arguments: the workspace, its settings as JSON, the credential, the instant, the streams, step, count.
import { soleAccount } from "../../src/accounts.ts";
import type { Config } from "../../src/config.ts";
import { ingest } from "../../src/ingest/ingest.ts";
import { openWarehouse } from "../../src/warehouse.ts";
import { workspaceAt } from "../../src/workspace.ts";

const [root = "", settings = "", accessKeyId = "", secretKey = "", now = "", streams = "", step, count] =
  process.argv.slice(2);

const silent = () => undefined;
let left = Number(count);
const config = JSON.parse(settings) as Config;
const workspace = workspaceAt(root);
const warehouse = await openWarehouse(workspace.warehouse, config.warehouse);
const summary = await ingest(
  {
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
    config,
    accounts: [soleAccount(config, { accessKeyId, secretKey })],
    workspace,
    warehouse,
    onStep(reached) {
      if (reached === step && --left === 0) process.kill(process.pid, "SIGKILL");
    },
  },
  { streams: streams.split(",") },
);
warehouse.close();
process.exit(summary.failures.length === 0 ? 0 : 3);
