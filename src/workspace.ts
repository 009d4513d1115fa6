import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { link, rm, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { refuseLinksInRaw, refuseLinksOut } from "./confined.ts";
import type { Effects } from "./effects.ts";
import { ConfigError } from "./errors/config-error.ts";
import { LockError } from "./errors/lock-error.ts";
import { TallyError } from "./errors/tally-error.ts";
import { isAlive, type ProcessIdentity, thisProcess } from "./process-identity.ts";

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
  /** What tells it from other workspaces, in a warehouse that several share. */
  id: string;
  analytics: string;
  reports: string;
  exports: string;
  docs: string;
  /** Saved queries, a file each, for `tally sql @name`. */
  queries: string;
  /** What was typed into `tally sql`. */
  sqlHistory: string;
  runLog: string;
  /** What was told by notifications, so that nothing is told twice. */
  notified: string;
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
    id: join(root, "data", "id"),
    analytics: join(root, "data", "analytics.duckdb"),
    reports: join(root, "reports"),
    exports: join(root, "exports"),
    docs: join(root, "docs"),
    queries: join(root, "queries"),
    sqlHistory: join(root, "data", ".sql-history"),
    runLog: join(root, "logs", "runs.ndjson"),
    notified: join(root, "data", "notified.json"),
    lock: join(root, "data", "lock.json"),
  };
}

/**
 * The workspace that a command works on: `--workspace`, else TALLY_WORKSPACE, else the current folder.
 *
 * @throws ConfigError where there is none, or a part of it leads out of it
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
  refuseLinksOut(workspace);
  return workspace;
}

/** Who writes to a workspace, as its lock says. */
export interface LockOwner extends ProcessIdentity {
  command: string;
  started_at: string;
}

/** What the work may do with the lock that it holds. */
export interface HeldLock {
  /** Gives it back at once, for a process that ends without coming to the end of the work. */
  release(): void;
}

/** A lock of another machine or container counts as left behind when it was not touched for so long. */
const abandonedMs = 10 * 60_000;
const touchEveryMs = 60_000;

/**
 * Does `work` as the only writer of the workspace. A lock whose owner no longer lives is taken over.
 *
 * @throws LockError where another tally process writes to it
 * @throws ConfigError where something in data/raw leads out of it
 */
export async function withLock<T>(
  workspace: Workspace,
  effects: Effects,
  command: string,
  work: (lock: HeldLock) => Promise<T>,
): Promise<T> {
  refuseLinksInRaw(workspace);
  const owner = { ...thisProcess(), command, started_at: effects.wallClock().toISOString() };
  try {
    mkdirSync(join(workspace.root, "data"), { recursive: true });
    await takeLock(workspace, owner);
  } catch (error) {
    if (error instanceof TallyError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new TallyError(`${join(workspace.root, "data")} can't be written: ${code ?? String(error)}.`, {
      hint: "Make the workspace writable for the user that runs tally, and see that its disk has room.",
      cause: error,
    });
  }
  const touching = setInterval(
    () => void utimes(workspace.lock, new Date(), new Date()).catch(() => undefined),
    touchEveryMs,
  );
  touching.unref();
  const release = () => {
    clearInterval(touching);
    const holder = readOwner(workspace.lock);
    if (holder && isSame(holder, owner)) rmSync(workspace.lock, { force: true });
  };
  try {
    return await work({ release });
  } finally {
    release();
  }
}

/** Who holds the lock, and whether that process lives; null where nobody does. */
export function lockHolder({ lock }: Workspace): { owner: LockOwner; isLeft: boolean } | null {
  const owner = readOwner(lock);
  return owner && { owner, isLeft: isLeft(lock, owner) };
}

async function takeLock(workspace: Workspace, owner: LockOwner): Promise<void> {
  const { lock, root } = workspace;
  // Written aside and then linked, so that nobody ever reads a lock without its owner.
  const aside = `${lock}.${owner.pid}-${randomUUID()}`;
  await writeFile(aside, JSON.stringify(owner));
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      if (await linked(aside, lock)) return;
      const holder = readOwner(lock);
      if (holder && !isLeft(lock, holder)) {
        const where = holder.host === owner.host ? "" : ` on ${holder.host}`;
        throw new LockError(
          `Another tally process holds ${root}: \`tally ${holder.command}\`, pid ${holder.pid}${where}, since ${holder.started_at}.`,
          { hint: "Wait until it has ended, then run this again." },
        );
      }
      await removeLeft(lock, aside);
    }
  } finally {
    await rm(aside, { force: true });
  }
  throw new LockError(`The lock ${lock} could not be taken: other processes keep taking it.`, {
    hint: "Run this again when they have ended.",
  });
}

/**
 * Removes a lock whose owner is gone. Who removes holds a second lock meanwhile and looks once more, since
 * another process may have found the same and hold the first one by now.
 */
async function removeLeft(lock: string, aside: string): Promise<void> {
  const takeover = `${lock}.takeover`;
  if (!(await linked(aside, takeover))) {
    const ageMs = ageOf(takeover);
    if (ageMs !== null && ageMs > touchEveryMs) await rm(takeover, { force: true });
    await new Promise((resolve) => setTimeout(resolve, 50));
    return;
  }
  try {
    const holder = readOwner(lock);
    if (!holder || isLeft(lock, holder)) await rm(lock, { force: true });
  } finally {
    await rm(takeover, { force: true });
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  }
}

function isLeft(lock: string, owner: LockOwner): boolean {
  const lives = isAlive(owner);
  return lives === undefined ? (ageOf(lock) ?? 0) > abandonedMs : !lives;
}

function ageOf(path: string): number | null {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return null;
  }
}

const isSame = (one: LockOwner, other: LockOwner): boolean =>
  one.pid === other.pid && one.host === other.host && one.started_at === other.started_at;

/** Who a lock names; of one that an older version wrote, as far as it says. */
function readOwner(path: string): LockOwner | null {
  try {
    const owner = JSON.parse(readFileSync(path, "utf8")) as Partial<LockOwner>;
    if (typeof owner.pid !== "number") return null;
    return {
      pid: owner.pid,
      host: owner.host ?? hostname(),
      born: owner.born ?? null,
      command: owner.command ?? "",
      started_at: owner.started_at ?? "",
    };
  } catch {
    return null;
  }
}
