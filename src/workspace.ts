import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { link, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Effects } from "./effects.ts";
import { ConfigError } from "./errors/config-error.ts";
import { LockError } from "./errors/lock-error.ts";
import { TallyError } from "./errors/tally-error.ts";

/** Where everything of one workspace lies; all paths are absolute. */
export interface Workspace {
  root: string;
  tallyToml: string;
  /** What the API cannot know, by table name: CSVs that the user keeps. */
  csv: {
    prices: string;
    exchange_rates: string;
    cost_centres: string;
    budgets: string;
    shared_costs: string;
    suppressions: string;
  };
  raw: string;
  warehouse: string;
  analytics: string;
  reports: string;
  exports: string;
  runLog: string;
  lock: string;
}

/** The paths of the workspace at `root`, whether or not it exists. */
export function workspaceAt(root: string): Workspace {
  return {
    root,
    tallyToml: join(root, "tally.toml"),
    csv: {
      prices: join(root, "prices.csv"),
      exchange_rates: join(root, "exchange-rates.csv"),
      cost_centres: join(root, "cost-centres.csv"),
      budgets: join(root, "budgets.csv"),
      shared_costs: join(root, "shared-costs.csv"),
      suppressions: join(root, "suppressions.csv"),
    },
    raw: join(root, "data", "raw"),
    warehouse: join(root, "data", "warehouse.duckdb"),
    analytics: join(root, "data", "analytics.duckdb"),
    reports: join(root, "reports"),
    exports: join(root, "exports"),
    runLog: join(root, "logs", "runs.ndjson"),
    lock: join(root, "data", "lock.json"),
  };
}

/**
 * The workspace that a command works on: `--workspace`, else TALLY_WORKSPACE, else the current folder.
 *
 * @throws ConfigError where there is none
 */
export function openWorkspace(effects: Effects, named: string | undefined): Workspace {
  const root = resolve(effects.cwd, named ?? effects.env.TALLY_WORKSPACE ?? ".");
  const workspace = workspaceAt(root);
  if (!existsSync(root) || !statSync(root).isDirectory()) {
    throw new ConfigError(`There is no workspace at ${root}.`, {
      hint: `Write one with \`tally init ${named ?? root}\`, or name another with --workspace.`,
    });
  }
  if (!existsSync(workspace.tallyToml)) {
    throw new ConfigError(`${root} is no workspace: it has no tally.toml.`, {
      hint: "Write one there with `tally init`, or name another folder with --workspace.",
    });
  }
  return workspace;
}

interface LockOwner {
  pid: number;
  command: string;
  started_at: string;
}

/**
 * Does `work` as the only writer of the workspace. A lock whose owner no longer lives is taken over.
 *
 * @throws LockError where another tally process writes to it
 */
export async function withLock<T>(
  workspace: Workspace,
  effects: Effects,
  command: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    mkdirSync(join(workspace.root, "data"), { recursive: true });
    await takeLock(workspace, { pid: process.pid, command, started_at: effects.wallClock().toISOString() });
  } catch (error) {
    if (error instanceof TallyError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new TallyError(`${join(workspace.root, "data")} can't be written: ${code ?? String(error)}.`, {
      hint: "Make the workspace writable for the user that runs tally, and see that its disk has room.",
      cause: error,
    });
  }
  try {
    return await work();
  } finally {
    await rm(workspace.lock, { force: true });
  }
}

async function takeLock(workspace: Workspace, owner: LockOwner): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt++) {
    // Written aside and then linked, so that nobody ever reads a lock without its owner.
    const aside = `${workspace.lock}.${owner.pid}`;
    await writeFile(aside, JSON.stringify(owner));
    try {
      await link(aside, workspace.lock);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      await rm(aside, { force: true });
    }
    const holder = readOwner(workspace.lock);
    if (holder && isAlive(holder.pid)) {
      throw new LockError(
        `Another tally process holds ${workspace.root}: \`tally ${holder.command}\`, pid ${holder.pid}, since ${holder.started_at}.`,
        { hint: "Wait until it has ended, then run this again." },
      );
    }
    await rm(workspace.lock, { force: true });
  }
  throw new LockError(`The lock ${workspace.lock} could not be taken: other processes keep taking it.`, {
    hint: "Run this again when they have ended.",
  });
}

function readOwner(path: string): LockOwner | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as LockOwner;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
