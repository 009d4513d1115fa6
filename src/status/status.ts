import { existsSync } from "node:fs";
import { ageInWords } from "../duration.ts";
import type { Effects } from "../effects.ts";
import { TallyError } from "../errors/tally-error.ts";
import type { PublishedContext } from "../open-published.ts";
import { type FailingTest, type RunLine, readRuns } from "../run-log.ts";
import { type LockOwner, lockHolder } from "../workspace.ts";
import { type Published, readPublished } from "./published.ts";

export interface StatusContext extends PublishedContext {
  effects: Effects;
}

/** How a workspace stands, from what readers may open while a run is on. */
export interface WorkspaceStatus {
  now: Date;
  lastRun: RunLine | null;
  /** The last run whose tables and reports were published. */
  lastGoodRun: RunLine | null;
  /** The process that writes to it now; isLeft where it died and left its lock. */
  writer: { owner: LockOwner; isLeft: boolean } | null;
  /** Null where nothing is published yet. */
  published: Published | null;
  /** Why the published tables can't be read; null where they can. */
  unreadable: string | null;
  /** Of the last run that came so far. */
  failingTests: readonly FailingTest[];
  /** Why it is stale; empty where it is not. */
  staleness: readonly string[];
}

/**
 * Reads how the workspace stands. It opens nothing that a run writes to, so neither waits for the other. Where it is read
 * from a shared warehouse, what only the writer's own machine knows is not told: its log and its lock.
 *
 * @throws TallyError where a shared warehouse can't be read
 */
export async function readStatus(context: StatusContext): Promise<WorkspaceStatus> {
  const { effects, workspace, config } = context;
  const now = effects.now();
  const isShared = context.shared !== undefined;
  const runs = isShared ? [] : await readRuns(workspace);
  let published: Published | null = null;
  let unreadable: string | null = null;
  if (isShared) {
    published = await readPublished(context, now);
  } else if (existsSync(workspace.analytics)) {
    try {
      published = await readPublished(context, now);
    } catch (error) {
      unreadable = error instanceof Error ? error.message : String(error);
      if (error instanceof TallyError && error.hint !== undefined) unreadable += ` ${error.hint}`;
    }
  }
  const tested = runs.findLast(({ failing_tests: failing }) => failing !== null);
  return {
    now,
    lastRun: runs.at(-1) ?? null,
    lastGoodRun: runs.findLast(({ is_published: isPublished }) => isPublished) ?? null,
    writer: isShared ? null : lockHolder(workspace),
    published,
    unreadable,
    failingTests: tested?.failing_tests ?? published?.failingTests ?? [],
    staleness: unreadable === null ? stalenessOf(published, now, config.status.staleAfterMs) : [unreadable],
  };
}

function stalenessOf(published: Published | null, now: Date, staleAfterMs: number): string[] {
  if (published === null) return ["Nothing is published yet."];
  const { builtAt, lastReadAt } = published;
  const reasons: string[] = [];
  const isOld = (at: Date) => now.getTime() - at.getTime() > staleAfterMs;
  const allowed = ageInWords(staleAfterMs);
  const age = (at: Date) => ageInWords(now.getTime() - at.getTime());
  if (isOld(builtAt))
    reasons.push(`The published tables are ${age(builtAt)} old, and ${allowed} are allowed.`);
  if (lastReadAt === null) reasons.push("No usage was ever read.");
  else if (isOld(lastReadAt))
    reasons.push(`Usage was last read ${age(lastReadAt)} ago, and ${allowed} are allowed.`);
  return reasons;
}
