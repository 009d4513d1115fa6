import type { Warehouse } from "../warehouse.ts";
import { type Counts, noCounts } from "./diff.ts";
import { type JournalLoad, journalLoad } from "./journal.ts";
import type { LandedFile, Landing } from "./land.ts";
import { closeGoneProjects, loadLists } from "./load-lists.ts";
import { loadUsageFast } from "./load-usage.ts";
import { loadUsageCarefully } from "./load-usage-carefully.ts";
import {
  type Quarantined,
  type ReadRecord,
  type ReadStatus,
  readRecords,
  recordFiles,
  recordQuarantined,
  recordReads,
  timestampText,
} from "./records.ts";
import type { Stream } from "./streams.ts";
import type { Unit } from "./units.ts";
import { type LoadedUsage, NeedsCare, type UsageLoad } from "./usage-load.ts";
import { usageTransaction } from "./usage-transaction.ts";

export interface LoadContext {
  warehouse: Warehouse;
  landing: Landing;
  runId: string;
  /** The run's instant, at which what is loaded counts as known. */
  now: Date;
  /** The labels of the accounts that the run reads; none where the workspace has but one without a label. */
  accounts: readonly string[];
}

/** What one attempt to read a unit ended in, to be brought into the warehouse. */
export interface Load {
  unit: Unit;
  loadId: string;
  files: readonly LandedFile[];
  /**
   * Which doubts it settles, since the unit was read again for them: whether rows that can't be read are put
   * aside, odd values are null, and what is missing from a list of several pages is gone.
   */
  settles: Readonly<Record<"rows" | "values" | "pages", boolean>>;
  /** Whether the answer is known to hold all that there is; else nothing counts as gone. */
  isWhole: boolean;
  /** Whether it came in several pages, between which rows can slip. */
  hasPages: boolean;
  /** Where it failed, or is not on offer: nothing is loaded, and that is recorded. */
  failure: { status: "failed" | "not_offered"; message: string } | null;
}

/** What became of a load. */
export interface Loaded {
  counts: Counts;
  /**
   * Why nothing was loaded or recorded, and the unit should be read once more: rows that can't be read, values
   * that are odd, or pages that may have shifted.
   */
  doubt: "rows" | "values" | "pages" | null;
  /** Whether it holds values that are odd. */
  isOdd: boolean;
  quarantined: number;
  /** The first of what was put aside. */
  first: string | null;
  /** Rows of other streams that were closed along with it, by stream. */
  closed?: ReadonlyMap<string, number>;
}

/** Called as the last step of a transaction; what it is given is then committed, unless the process dies. */
export type BeforeCommit = (loads: readonly JournalLoad[], files: readonly LandedFile[]) => Promise<void>;

/**
 * Brings lists, and records of what failed, into the warehouse in one transaction: all of it, or nothing.
 */
export async function loadTogether(
  context: LoadContext,
  loads: readonly Load[],
  beforeCommit: BeforeCommit,
): Promise<Loaded[]> {
  const { warehouse, landing, accounts } = context;
  const now = timestampText(context.now);
  return warehouse.transaction(async () => {
    const results = new Map<Load, Loaded>();
    for (const [stream, group] of byStream(loads.filter(({ failure }) => failure === null))) {
      const loaded = await loadLists({ warehouse, landing, accounts }, stream, group, now);
      for (const [index, load] of group.entries()) {
        const result = loaded[index];
        if (result) results.set(load, await withWholeAnswers(context, load, result));
      }
    }
    for (const [{ unit, isWhole }, result] of results) {
      if (result.doubt !== null || unit.stream.name !== "projects" || unit.organizationId === null) continue;
      if (isWhole && result.quarantined === 0) {
        result.closed = await closeGoneProjects(warehouse, unit.organizationId, now);
      }
    }
    const done = loads.filter((load) => !results.get(load)?.doubt);
    const journaled: JournalLoad[] = [];
    const reads: ReadRecord[] = [];
    for (const load of done) {
      const result = results.get(load);
      const read = load.failure
        ? { ...load.failure, rows: null }
        : { status: statusOf(result), rows: result?.counts.rows ?? 0, message: messageOf(result) };
      reads.push(...readRecords(load.unit, load.loadId, read));
      journaled.push(journalLoad(load));
    }
    await recordFiles(context, done);
    await recordReads(context, reads);
    await beforeCommit(
      journaled,
      done.flatMap(({ files }) => files),
    );
    return loads.map((load) => results.get(load) ?? nothing());
  });
}

/**
 * Brings windows of usage of one stream into the warehouse, in one transaction.
 *
 * @throws NeedsCare where there are several, and one can't be read without more care: each is to be loaded alone
 */
export async function loadUsage(
  context: LoadContext,
  loads: readonly UsageLoad[],
  beforeCommit: BeforeCommit,
): Promise<Loaded[]> {
  const { warehouse, landing } = context;
  const now = timestampText(context.now);
  const attempt = (loadRows: () => Promise<LoadedUsage[]>) =>
    usageTransaction(warehouse, async () => {
      const results: Loaded[] = [];
      const done: UsageLoad[] = [];
      const reads: ReadRecord[] = [];
      for (const [index, loaded] of (await loadRows()).entries()) {
        const load = loads[index];
        if (!load) continue;
        const result = { ...loaded, ...(await withWholeAnswers(context, load, loaded)) };
        results.push(result);
        if (result.doubt !== null) continue;
        done.push(load);
        reads.push(...(await usageRecords(context, load, result)));
      }
      if (done.length === 0) return results;
      await recordFiles(context, done);
      await recordReads(context, reads);
      const files = done.flatMap((load) => load.files);
      await beforeCommit(done.map(journalLoad), files);
      return results;
    });
  try {
    return await attempt(() => loadUsageFast(warehouse, landing, loads, now));
  } catch (error) {
    const [only] = loads;
    if (!(error instanceof NeedsCare) || !only || loads.length > 1) throw error;
    return attempt(async () => [await loadUsageCarefully(warehouse, landing, only, now)]);
  }
}

/** The load as one of a window of usage, if it is and brings rows. */
export const windowLoad = (load: Load): UsageLoad | null =>
  load.unit.usage && load.failure === null ? { ...load, usage: load.unit.usage } : null;

const nothing = (): Loaded => ({
  counts: { ...noCounts },
  doubt: null,
  isOdd: false,
  quarantined: 0,
  first: null,
});

function byStream(loads: readonly Load[]): Map<Stream, Load[]> {
  const groups = new Map<Stream, Load[]>();
  for (const load of loads) {
    const group = groups.get(load.unit.stream) ?? [];
    groups.set(load.unit.stream, [...group, load]);
  }
  return groups;
}

const statusOf = (loaded: Loaded | undefined): ReadStatus =>
  loaded && loaded.quarantined > 0 ? "partial" : "complete";

/** What stands in raw.read_windows, and in the summary, of a load that was put aside in part. */
export const messageOf = (loaded: Loaded | undefined): string | null =>
  loaded && loaded.quarantined > 0
    ? `${loaded.quarantined} ${loaded.quarantined === 1 ? "row" : "rows"} put aside, the first: ${loaded.first}`
    : null;

/** Puts aside the answers of which nothing could be read at all. */
async function withWholeAnswers(context: LoadContext, load: Load, loaded: Loaded): Promise<Loaded> {
  if (loaded.doubt !== null) return loaded;
  const rows = load.files.flatMap(({ misshape, path: file }): Quarantined[] =>
    misshape ? [{ unit: load.unit, loadId: load.loadId, ...misshape, file }] : [],
  );
  const [first] = rows;
  if (!first) return loaded;
  await recordQuarantined(context, rows);
  return {
    ...loaded,
    quarantined: loaded.quarantined + rows.length,
    first: loaded.first ?? `${first.path} ${first.reason}`,
  };
}

async function usageRecords(
  { warehouse }: LoadContext,
  { unit, usage, loadId }: UsageLoad,
  loaded: LoadedUsage,
): Promise<ReadRecord[]> {
  const damaged = await warehouse.all<{ project_id: string | null }>(
    "select distinct project_id from raw.quarantine where load_id = $loadId",
    { loadId },
  );
  // What is wrong with a row may hide whose it is.
  const isPartial = (project: string) =>
    damaged.some(({ project_id: id }) => id === null || id === project || !usage.projects.includes(id));
  return usage.projects.map((project) => ({
    unit,
    loadId,
    project,
    status: isPartial(project) ? "partial" : "complete",
    rows: loaded.rowsOf.get(project) ?? 0,
    message: isPartial(project) ? messageOf(loaded) : null,
  }));
}
