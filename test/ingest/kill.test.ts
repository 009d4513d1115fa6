import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { replayLanded } from "../../src/ingest/ingest.ts";
import { packageRoot } from "../../src/package.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse.ts";
import { workspaceAt } from "../../src/workspace.ts";
import { accessKeyId, type ContractServer, secretKey, startContractServer } from "./contract-server.ts";
import { dumpRaw, smallAccount, testConfig } from "./ingest-setup.ts";

const now = "2026-11-10T06:00:00Z";
const steps = ["landed", "loaded", "synced", "journaled", "committed"] as const;

/** A workspace is killed so often before it is left to end, and held against one never killed. */
const killsPerWorkspace = 9;
const enoughKills = 120;
const enoughMs = 60_000;
const workers = 2;

const openIn = (root: string): Promise<Warehouse> =>
  openWarehouse(workspaceAt(root).warehouse, { memoryLimit: "256MB", threads: 1 });

/** What was read, without what names a run or a load, or counts in how many runs it was. */
async function tablesIn(root: string): Promise<Record<string, unknown[]>> {
  const warehouse = await openIn(root);
  try {
    const { read_windows, landed_files, ...tables } = await dumpRaw(
      (sql) => warehouse.all(sql),
      ["_load_id"],
    );
    const reads = await warehouse.all(
      // The days and not the windows: a run that begins where another was killed asks for fewer at once.
      `select distinct
         stream,
         project_id,
         status,
         unnest(coalesce(generate_series(window_from, window_to, interval 1 day), [null]))::date::varchar as day
       from raw.read_windows
       order by all`,
    );
    return { ...tables, reads };
  } finally {
    warehouse.close();
  }
}

/** Rebuilds the tables from what landed, which has to change nothing at all. */
async function replaysToItself(root: string): Promise<void> {
  const warehouse = await openIn(root);
  try {
    const all = <T extends object>(sql: string) => warehouse.all<T>(sql);
    const before = await dumpRaw(all);
    const log = { info: () => undefined, detail: () => undefined, warn: () => undefined };
    await replayLanded({
      effects: {
        env: {},
        cwd: root,
        now: () => new Date(now),
        wallClock: () => new Date(),
        fetch: () => Promise.reject(new Error("A replay makes no request.")),
        stdout: new PassThrough(),
        stderr: new PassThrough(),
        log,
      },
      config: testConfig(""),
      workspace: workspaceAt(root),
      warehouse,
    });
    expect(await dumpRaw(all)).toEqual(before);
  } finally {
    warehouse.close();
  }
}

interface Kill {
  step?: (typeof steps)[number];
  count?: number;
  afterMs?: number;
}

/** Runs an ingest in a process of its own; null where it was killed. */
async function ingest(server: ContractServer, root: string, { step, count, afterMs }: Kill = {}) {
  const child = spawn(
    process.execPath,
    [
      join(packageRoot, "test", "ingest", "killed-ingest.mjs"),
      join(packageRoot, "dist"),
      root,
      server.endpoint,
      accessKeyId,
      secretKey,
      now,
      step ?? "none",
      String(count ?? 0),
    ],
    { env: { PATH: process.env.PATH }, stdio: ["ignore", "ignore", "inherit"] },
  );
  const timer = afterMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), afterMs);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearTimeout(timer);
  return code;
}

test("killed at any instant and at any step, over and over, it ends in the tables of a run never killed", async () => {
  const account = smallAccount();
  account.options.start = "2026-08-01";
  account.projects.push({ id: "p-3", name: "without usage", organization: "org-1" });
  account.usage = Array.from({ length: 600 }, (_, index) => ({
    project: `p-${1 + (index % 2)}`,
    date: new Date(Date.parse("2026-08-01") + (index % 100) * 86_400_000).toISOString().slice(0, 10),
    region: "us-east1",
    type: `type-${Math.floor(index / 100)}`,
    metric: "gpu-hours",
    resource: `vm-${index}`,
    quantity: `${index}.25`,
  }));
  const server = await startContractServer(account);
  // Operations that the API tells of, so that there are events among what is killed.
  server.fault = ({ path }) =>
    path.endsWith("/instances/operations")
      ? { status: 200, body: `{"items":[{"operation_id":"op of ${path}","state":"SUCCEEDED"}]}` }
      : undefined;
  const root = await mkdtemp(join(tmpdir(), "tally-kill-"));
  try {
    const whole = join(root, "whole");
    const startedAt = performance.now();
    expect(await ingest(server, whole)).toBe(0);
    const wholeMs = performance.now() - startedAt;
    const expected = await tablesIn(whole);
    expect(expected.usage).toHaveLength(600);
    expect(expected.vm_operations).toHaveLength(3);

    let kills = 0;
    let attempts = 0;
    let workspaces = 0;
    const atSteps = new Map<string, number>();
    const isOver = () => kills >= enoughKills || performance.now() - startedAt > enoughMs;
    const work = async () => {
      while (!isOver()) {
        const workspace = join(root, `killed-${workspaces++}`);
        for (let kill = 0; kill < killsPerWorkspace && !isOver(); kill++) {
          const turn = attempts++;
          const step = steps[turn % steps.length] ?? "landed";
          const isAtStep = turn % 3 !== 2;
          const code = await ingest(
            server,
            workspace,
            isAtStep
              ? { step, count: 1 + Math.floor(Math.random() * (step === "landed" ? 30 : 8)) }
              : { afterMs: wholeMs * (0.15 + 0.85 * Math.random()) },
          );
          if (code !== null) continue;
          kills++;
          if (isAtStep) atSteps.set(step, (atSteps.get(step) ?? 0) + 1);
        }
        expect(await ingest(server, workspace)).toBe(0);
        expect(await tablesIn(workspace)).toEqual(expected);
        expect(existsSync(join(workspace, "data", "raw", ".partial"))).toBe(false);
        await replaysToItself(workspace);
        await rm(workspace, { recursive: true });
      }
    };
    await Promise.all(Array.from({ length: workers }, work));
    // Many more where the machine does nothing else; at every step between landing and commit in any case.
    expect(kills).toBeGreaterThan(20);
    expect([...atSteps.keys()].sort()).toEqual([...steps].sort());
  } finally {
    await server.close();
    await rm(root, { recursive: true, force: true });
  }
}, 180_000);
