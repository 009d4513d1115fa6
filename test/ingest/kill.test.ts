import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bundled } from "../bundled.ts";
import { accessKeyId, type ContractServer, secretKey } from "./contract-server.ts";
import { testConfig } from "./ingest-setup.ts";
import { now, openIn, replaysToItself, startServer, streams, tablesOf } from "./killed-tables.ts";

const steps = ["landed", "loaded", "synced", "journaled", "committed"] as const;

/** A workspace is killed so often before it is left to end, and held against one never killed. */
const killsPerWorkspace = 9;
const enoughKills = 120;
const fewestKills = 30;
const enoughMs = 30_000;
const workers = 2;

interface Kill {
  step?: (typeof steps)[number];
  count?: number;
  afterMs?: number;
}

const program = await bundled("test/ingest/killed-ingest.ts");

/** Runs an ingest in a process of its own; null where it was killed. */
async function ingest(server: ContractServer, root: string, { step, count, afterMs }: Kill = {}) {
  const child = spawn(
    process.execPath,
    [
      program,
      root,
      JSON.stringify({
        ...testConfig(server.endpoint, { api: { timeoutMs: 10_000 } }),
        warehouse: { memoryLimit: "256MB", threads: 1 },
      }),
      accessKeyId,
      secretKey,
      now,
      streams.join(","),
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

test("killed at any instant and at any step, over and over, it ends in the tables of a run never killed", async ({
  annotate,
}) => {
  const server = await startServer();
  const root = await mkdtemp(join(tmpdir(), "tally-kill-"));
  try {
    const whole = join(root, "whole");
    const startedAt = performance.now();
    expect(await ingest(server, whole)).toBe(0);
    const wholeMs = performance.now() - startedAt;
    const undisturbed = await openIn(whole);
    const expected = await tablesOf(undisturbed);
    undisturbed.close();
    expect(expected.usage).toHaveLength(600);
    expect(expected.vm_operations).toHaveLength(3);

    let kills = 0;
    let attempts = 0;
    let workspaces = 0;
    const atSteps = new Map<string, number>();
    const isOver = () =>
      kills >= enoughKills ||
      (kills >= fewestKills && atSteps.size === steps.length && performance.now() - startedAt > enoughMs);
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
        const warehouse = await openIn(workspace);
        expect(await tablesOf(warehouse)).toEqual(expected);
        expect(existsSync(join(workspace, "data", "raw", ".partial"))).toBe(false);
        await replaysToItself(warehouse, workspace);
        warehouse.close();
        await rm(workspace, { recursive: true });
      }
    };
    await Promise.all(Array.from({ length: workers }, work));
    await annotate(`${kills} kills in ${workspaces} workspaces, at steps: ${JSON.stringify([...atSteps])}`);
    // Many more where the machine does nothing else; at every step between landing and commit in any case.
    expect(kills).toBeGreaterThanOrEqual(fewestKills);
    expect([...atSteps.keys()].sort()).toEqual([...steps].sort());
  } finally {
    await server.close();
    await rm(root, { recursive: true, force: true });
  }
}, 300_000);
