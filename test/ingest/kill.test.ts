import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/package.ts";
import { openReadOnly } from "../../src/warehouse.ts";
import { accessKeyId, secretKey, startContractServer } from "./contract-server.ts";
import { smallAccount } from "./ingest-setup.ts";

const kills = 12;

const tables = [
  "organizations",
  "projects",
  "usage_options",
  "usage",
  "resource_usage",
  "vm_types",
  "vms",
  "disks",
  "snapshots",
];

async function dump(workspace: string): Promise<Record<string, unknown[]>> {
  const warehouse = await openReadOnly(join(workspace, "data", "warehouse.duckdb"), {
    memoryLimit: "256MB",
    threads: 1,
  });
  try {
    const rows: Record<string, unknown[]> = {};
    for (const table of tables) {
      rows[table] = await warehouse.all(`select * exclude (_load_id) from raw.${table} order by all`);
    }
    return rows;
  } finally {
    warehouse.close();
  }
}

test("killed at any instant, the next run ends in the tables of a run never killed", async () => {
  const account = smallAccount();
  // Enough rows and windows that a kill meets requests, files and transactions under way.
  account.options.start = "2026-01-01";
  account.usage = Array.from({ length: 3_000 }, (_, index) => ({
    project: `p-${1 + (index % 2)}`,
    date: new Date(Date.parse("2026-01-01") + (index % 300) * 86_400_000).toISOString().slice(0, 10),
    region: "us-east1",
    type: `type-${Math.floor(index / 300)}`,
    metric: "gpu-hours",
    resource: `vm-${index}`,
    quantity: `${index}.25`,
  }));
  const server = await startContractServer(account);
  server.delayMs = 5;
  const root = await mkdtemp(join(tmpdir(), "tally-kill-"));
  const ingest = async (workspace: string, killAfterMs?: number) => {
    const child = spawn(
      process.execPath,
      [join(packageRoot, "dist", "cli.js"), "ingest", "--workspace", workspace],
      {
        env: {
          PATH: process.env.PATH,
          HOME: root,
          CRUSOE_API_ENDPOINT: server.endpoint,
          CRUSOE_ACCESS_KEY_ID: accessKeyId,
          CRUSOE_SECRET_KEY: secretKey,
          TALLY_NOW: "2026-11-10T06:00:00Z",
        },
        stdio: "ignore",
      },
    );
    const timer =
      killAfterMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), killAfterMs);
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    clearTimeout(timer);
    return code;
  };
  const workspaceNamed = async (name: string) => {
    const workspace = join(root, name);
    await mkdir(workspace);
    await writeFile(join(workspace, "tally.toml"), "");
    return workspace;
  };
  try {
    const whole = await workspaceNamed("whole");
    const startedAt = performance.now();
    expect(await ingest(whole)).toBe(0);
    const wholeMs = performance.now() - startedAt;
    const expected = await dump(whole);
    expect(expected.usage).toHaveLength(3_000);

    const killed = await workspaceNamed("killed");
    let killedRuns = 0;
    for (let kill = 0; kill < kills; kill++) {
      // Spread over the whole of a run, and each in another place.
      const code = await ingest(killed, wholeMs * ((kill + 0.5) / kills));
      if (code === null) killedRuns++;
    }
    expect(killedRuns).toBeGreaterThan(kills / 3);
    expect(await ingest(killed)).toBe(0);
    expect(await dump(killed)).toEqual(expected);
    expect(existsSync(join(killed, "data", "raw", ".partial"))).toBe(false);
  } finally {
    await server.close();
    await rm(root, { recursive: true, force: true });
  }
}, 120_000);
