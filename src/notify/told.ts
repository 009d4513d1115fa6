import { readFile, rename, rm, writeFile } from "node:fs/promises";
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
    async save() {
      const latest = await readState(workspace.notified);
      for (const work of changes) work(latest);
      for (const told of Object.values(latest)) {
        for (const [name, at] of Object.entries(told)) {
          const isLasting = name.startsWith("finding:");
          if (!isLasting && now.getTime() - Date.parse(at) > rememberMs) delete told[name];
        }
      }
      const aside = `${workspace.notified}.tmp-${process.pid}`;
      try {
        await writeFile(aside, `${JSON.stringify(latest, null, 1)}\n`);
        await rename(aside, workspace.notified);
      } finally {
        await rm(aside, { force: true });
      }
    },
  };
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
