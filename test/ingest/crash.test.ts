import { cpSync, existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { soleAccount } from "../../src/accounts.ts";
import { ingest } from "../../src/ingest/ingest.ts";
import type { Warehouse } from "../../src/warehouse.ts";
import { workspaceAt } from "../../src/workspace.ts";
import { accessKeyId, type ContractServer, secretKey } from "./contract-server.ts";
import { testConfig } from "./ingest-setup.ts";
import { openIn, replaysToItself, silentEffects, startServer, streams, tablesOf } from "./killed-tables.ts";

/** So many instants, on top of those at which kill.test.ts kills whole processes; after a while, fewer will do. */
const enoughCrashes = 132;
const fewestCrashes = 66;
const enoughMs = 30_000;

/** A workspace is left by so many runs before one is let to its end, and held against one never disturbed. */
const crashesPerWorkspace = 11;

/** Called between any two statements, before each request and at each step of a load, with what comes next. */
type OnInstant = (next: string) => void;

class Crash extends Error {}

/** A warehouse that tells before each statement, while DuckDB does nothing, that it comes. */
function watched(warehouse: Warehouse, onInstant: OnInstant): Warehouse {
  let underWay = 0;
  const telling = async <T>(sql: string, work: () => Promise<T>): Promise<T> => {
    if (underWay === 0) onInstant(sql.trim().replace(/\s+/g, " ").slice(0, 80));
    underWay++;
    try {
      return await work();
    } finally {
      underWay--;
    }
  };
  return {
    ...warehouse,
    run: (sql, params) => telling(sql, () => warehouse.run(sql, params)),
    all: (sql, params) => telling(sql, () => warehouse.all(sql, params)),
    first: (sql, params) => telling(sql, () => warehouse.first(sql, params)),
  };
}

/** Runs an ingest to its end, or until `onInstant` throws; then nothing more is done. */
async function run(server: ContractServer, root: string, onInstant: OnInstant): Promise<boolean> {
  const warehouse = await openIn(root);
  let isOver = false;
  const at: OnInstant = (next) => {
    if (isOver) throw new Crash();
    try {
      onInstant(next);
    } catch (error) {
      isOver = true;
      throw error;
    }
  };
  // A step is told of and can't be stopped: what comes after it is.
  const atStep: OnInstant = (step) => {
    try {
      at(step);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  };
  const config = testConfig(server.endpoint);
  try {
    await ingest(
      {
        effects: silentEffects(root, async (input, init) => {
          at("a request");
          return fetch(input, init);
        }),
        config,
        accounts: [soleAccount(config, { accessKeyId, secretKey })],
        workspace: workspaceAt(root),
        warehouse: watched(warehouse, at),
        pace: { sleep: async () => undefined, random: () => 0 },
        onStep: atStep,
      },
      { streams },
    );
  } catch (error) {
    if (!isOver) throw error;
  } finally {
    warehouse.close();
  }
  return !isOver;
}

/**
 * What lies on disk at this instant is what a process would leave that was killed now: what it has handed to the
 * system is kept, what it had in memory is lost.
 */
const keepAsKilled = (root: string, aside: string): void => cpSync(root, aside, { recursive: true });

test("left at any instant between two statements, over and over, it ends in the tables of a run never disturbed", async ({
  annotate,
}) => {
  const server = await startServer();
  const root = await mkdtemp(join(tmpdir(), "tally-crash-"));
  try {
    const whole = join(root, "whole");
    let instants = 0;
    expect(
      await run(server, whole, () => {
        instants++;
      }),
    ).toBe(true);
    expect(instants).toBeGreaterThan(100);
    const undisturbed = await openIn(whole);
    const expected = await tablesOf(undisturbed);
    undisturbed.close();
    expect(expected.usage).toHaveLength(600);

    let crashed = 0;
    const startedAt = performance.now();
    const isOver = () =>
      crashed >= enoughCrashes || (crashed >= fewestCrashes && performance.now() - startedAt > enoughMs);
    for (let turn = 0; !isOver(); turn++) {
      let workspace = join(root, `${turn}`);
      const left: string[] = [];
      while (left.length < crashesPerWorkspace && !isOver()) {
        const aside = `${workspace}+`;
        // Runs get shorter as they find more done, so early instants are drawn more often.
        let countdown = 1 + Math.floor(instants * Math.random() ** 2);
        const isDone = await run(server, workspace, (next) => {
          if (--countdown > 0) return;
          keepAsKilled(workspace, aside);
          left.push(next);
          crashed++;
          throw new Crash();
        });
        if (isDone) continue;
        await rm(workspace, { recursive: true });
        workspace = aside;
      }
      const said = `after runs left before: ${left.join("; ")}`;
      expect(await run(server, workspace, () => undefined)).toBe(true);
      const warehouse = await openIn(workspace);
      expect(await tablesOf(warehouse), said).toEqual(expected);
      expect(existsSync(join(workspace, "data", "raw", ".partial")), said).toBe(false);
      await replaysToItself(warehouse, workspace);
      warehouse.close();
      await rm(workspace, { recursive: true });
    }
    await annotate(`left at ${crashed} instants`);
    expect(crashed).toBeGreaterThanOrEqual(fewestCrashes);
  } finally {
    await server.close();
    await rm(root, { recursive: true, force: true });
  }
}, 300_000);
