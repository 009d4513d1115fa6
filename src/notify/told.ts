import { open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { NotifyKind } from "../notify-settings.ts";
import type { Workspace } from "../workspace.ts";
import type { NotifyEvent } from "./event.ts";

/** What each channel was told, and when; in data/notified.json. */
export interface Told {
  /** Those of the events that the channel was not told yet. */
  newOf(channel: string, events: readonly NotifyEvent[]): NotifyEvent[];
  add(channel: string, events: readonly NotifyEvent[]): void;
  /** Forgets what of a kind is so no more, so that it is told again when it is so again. */
  keepOnly(channel: string, kind: NotifyKind, events: readonly NotifyEvent[]): void;
  save(): Promise<void>;
}

/** By channel, then by kind and key: the instant. */
type State = Record<string, Record<string, string>>;

const dayMs = 86_400_000;

/** What stays as bad as it is is told again after so long. */
const remindAfterMs: Partial<Record<NotifyKind, number>> = { failure: 7 * dayMs, stale: 7 * dayMs };

/** What is told once and for all, by a day or month that passes, is remembered for so long. */
const rememberMs = 100 * dayMs;

export async function readTold(workspace: Workspace, now: Date): Promise<Told> {
  const state = await readState(workspace.notified);
  // Kept to be done once more to what another process may have written meanwhile.
  const changes: ((state: State) => void)[] = [];
  const change = (work: (state: State) => void) => {
    work(state);
    changes.push(work);
  };
  const toldAt = (channel: string, { kind, key }: NotifyEvent) => state[channel]?.[nameOf(kind, key)];
  return {
    newOf: (channel, events) =>
      events.filter((event) => {
        const at = toldAt(channel, event);
        const remindMs = remindAfterMs[event.kind];
        return at === undefined || (remindMs !== undefined && now.getTime() - Date.parse(at) >= remindMs);
      }),
    add(channel, events) {
      const told = events.map(({ kind, key }) => [nameOf(kind, key), now.toISOString()]);
      change((known) => {
        known[channel] = { ...known[channel], ...Object.fromEntries(told) };
      });
    },
    keepOnly(channel, kind, events) {
      const keep = new Set(events.map((event) => nameOf(event.kind, event.key)));
      change((known) => {
        const told = known[channel] ?? {};
        for (const name of Object.keys(told)) {
          if (name.startsWith(`${kind}:`) && !keep.has(name)) delete told[name];
        }
      });
    },
    save: () => alone(`${workspace.notified}.lock`, () => write(workspace.notified, changes, now)),
  };
}

async function write(path: string, changes: readonly ((state: State) => void)[], now: Date): Promise<void> {
  const latest = await readState(path);
  for (const work of changes) work(latest);
  for (const told of Object.values(latest)) {
    for (const [name, at] of Object.entries(told)) {
      const isLasting = name.startsWith("finding:");
      if (!isLasting && now.getTime() - Date.parse(at) > rememberMs) delete told[name];
    }
  }
  const aside = `${path}.tmp-${process.pid}`;
  try {
    await writeFile(aside, `${JSON.stringify(latest, null, 1)}\n`);
    await rename(aside, path);
  } finally {
    await rm(aside, { force: true });
  }
}

/** To write takes a moment; whoever holds the lock for longer has died with it. */
const leftBehindMs = 5_000;

/** Does `work` while no other process does such: a schedule and a run by hand may tell of theirs at once. */
async function alone(lock: string, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await (await open(lock, "wx")).close();
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const { mtimeMs } = await stat(lock).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > leftBehindMs) await rm(lock, { force: true });
    else await sleep(20);
  }
  try {
    await work();
  } finally {
    await rm(lock, { force: true });
  }
}

const nameOf = (kind: NotifyKind, key: string): string => `${kind}:${key}`;

async function readState(path: string): Promise<State> {
  try {
    const state = JSON.parse(await readFile(path, "utf8")) as State;
    return typeof state === "object" && state !== null && !Array.isArray(state) ? state : {};
  } catch {
    // None was written yet, or what was is lost: then something is told twice, which is better than not at all.
    return {};
  }
}
