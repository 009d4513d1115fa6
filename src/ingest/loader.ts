import pLimit from "p-limit";
import type { Journal } from "./journal.ts";
import {
  type BeforeCommit,
  type Load,
  type LoadContext,
  type Loaded,
  loadTogether,
  loadUsage,
  windowLoad,
} from "./load.ts";

/** What became of a load, or why it could not be brought into the warehouse. */
export type LoadOutcome = { loaded: Loaded; error?: undefined } | { loaded?: undefined; error: unknown };

export interface Loader {
  /** Brings a load into the warehouse, in turn. */
  load(load: Load): Promise<LoadOutcome>;
  /** Does something else with the warehouse, between two transactions. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
}

/** The instants of a load at which a test kills the process. */
export type LoadStep = "landed" | "loaded" | "synced" | "journaled" | "committed";

export interface LoaderContext extends LoadContext {
  journal: Journal;
  onStep?: ((step: LoadStep) => void) | undefined;
}

const mostTogether = 400;

/** Windows of usage in which no value needs a second look go together, up to so many bytes, unpacked. */
const mostBytesTogether = 256 * 2 ** 20;

/**
 * Loads one transaction at a time. Lists that came while one was under way go into the next together: a
 * transaction costs more than a list.
 */
export function createLoader(context: LoaderContext): Loader {
  const { journal, landing, runId, now, accounts, onStep } = context;
  const turns = pLimit(1);
  const queue: { load: Load; resolve: (outcome: LoadOutcome) => void }[] = [];
  let isWorking = false;
  const named = accounts.length > 0 ? { accounts } : {};

  const beforeCommit: BeforeCommit = async (loads, files) => {
    onStep?.("loaded");
    await landing.sync(files);
    onStep?.("synced");
    if (loads.length > 0) {
      await journal.write({ kind: "loads", run_id: runId, now: now.toISOString(), ...named, loads });
    }
    onStep?.("journaled");
  };

  async function loadOne(load: Load): Promise<LoadOutcome> {
    const window = windowLoad(load);
    try {
      const [loaded] = window
        ? await loadUsage(context, [window], beforeCommit)
        : await loadTogether(context, [load], beforeCommit);
      if (loaded) return { loaded };
      throw new Error("A load ended in nothing.");
    } catch (error) {
      return { error };
    }
  }

  async function loadSome(loads: readonly Load[]): Promise<LoadOutcome[]> {
    const [only] = loads;
    if (only && loads.length === 1) return [await loadOne(only)];
    const windows = loads.flatMap((load) => windowLoad(load) ?? []);
    try {
      const loaded =
        windows.length > 0
          ? await loadUsage(context, windows, beforeCommit)
          : await loadTogether(context, loads, beforeCommit);
      return loaded.map((each) => ({ loaded: each }));
    } catch {
      // One of them can't be loaded: alone, each of the others can.
      const outcomes: LoadOutcome[] = [];
      for (const load of loads) outcomes.push(await loadOne(load));
      return outcomes;
    }
  }

  function takeNext(): typeof queue {
    const [first] = queue;
    if (!first) return [];
    const taken = windowLoad(first.load)
      ? windowsTogether(first, queue)
      : queue.filter(({ load }) => !windowLoad(load)).slice(0, mostTogether);
    const isTaken = new Set(taken);
    queue.splice(0, queue.length, ...queue.filter((each) => !isTaken.has(each)));
    return taken;
  }

  async function work(): Promise<void> {
    isWorking = true;
    // What is handed over in one go is loaded in one go.
    await null;
    for (let taken = takeNext(); taken.length > 0; taken = takeNext()) {
      const outcomes = await turns(() => loadSome(taken.map(({ load }) => load)));
      onStep?.("committed");
      for (const [index, { resolve }] of taken.entries()) {
        resolve(outcomes[index] ?? { error: new Error("A load ended in nothing.") });
      }
    }
    isWorking = false;
  }

  return {
    load: (load) =>
      new Promise((resolve) => {
        queue.push({ load, resolve });
        if (!isWorking) void work();
      }),
    inTurn: (work) => turns(work),
  };
}

const isPlain = ({ files }: Load): boolean => files.every(({ plainRows }) => plainRows);
const bodyBytes = ({ files }: Load): number => files.reduce((sum, file) => sum + file.bodyBytes, 0);

/** The first window of usage, with those of the same stream that can go with it. */
function windowsTogether<T extends { load: Load }>(first: T, queue: readonly T[]): T[] {
  if (!isPlain(first.load)) return [first];
  const { name } = first.load.unit.stream;
  let bytes = 0;
  return queue.filter(({ load }) => {
    if (load.unit.stream.name !== name || !windowLoad(load) || !isPlain(load)) return false;
    if (bytes > 0 && bytes + bodyBytes(load) > mostBytesTogether) return false;
    bytes += bodyBytes(load);
    return true;
  });
}
