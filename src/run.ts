import type { Account } from "./accounts.ts";
import type { Config } from "./config.ts";
import { ageInWords } from "./duration.ts";
import type { Effects } from "./effects.ts";
import { IncompleteError } from "./errors/incomplete-error.ts";
import { LockError } from "./errors/lock-error.ts";
import { StoppedError } from "./errors/stopped-error.ts";
import { copiesFailed, copiesOf } from "./exports/copies.ts";
import { type IngestFailure, type IngestOptions, type IngestSummary, ingest } from "./ingest/ingest.ts";
import type { Pace } from "./ingest/retry.ts";
import { build } from "./models/build.ts";
import { publish } from "./models/publish.ts";
import { afterRun, withoutRun } from "./notify/happened.ts";
import { notify } from "./notify/notify.ts";
import { renderReport } from "./reports/report.ts";
import { type RunLine, readRuns } from "./run-log.ts";
import { createRecord, exitCodeOf, messageOf, type RunRecord } from "./run-record.ts";
import { neverStopped, type Stop, stoppableFetch } from "./stop.ts";
import { openWarehouse } from "./warehouse.ts";
import { type Workspace, withLock } from "./workspace.ts";

export interface RunContext {
  effects: Effects;
  workspace: Workspace;
  config: Config;
  accounts: readonly Account[];
  stop?: Stop;
  /** How waiting between attempts is done; a test passes its own. */
  pace?: Pace;
}

/**
 * The whole of a night: lock, ingest, build, test, publish, report. What was read is built and reported even
 * where some streams failed; where a data test of severity error fails, the published tables and the reports
 * stay those of the last good run. Each step's result is a line in logs/runs.ndjson, and so is the whole run's;
 * they are published as meta_run.
 *
 * @returns the path of the report's page
 * @throws IncompleteError, after the report is written, where some streams failed for good
 * @throws TestsFailedError where a data test of severity error failed
 * @throws StoppedError where it was asked to end early
 * @throws LockError where another process writes to the workspace
 */
export async function run(
  context: RunContext,
  options: Pick<IngestOptions, "organizations"> = {},
): Promise<{ page: string }> {
  const { effects, workspace } = context;
  let ended: RunLine | undefined;
  try {
    return await withLock(workspace, effects, "run", async (lock) => {
      const record = createRecord(context);
      context.stop?.onGiveUp(lock.release);
      try {
        const page = await runSteps(context, record, options);
        ended = await record.end(null);
        return { page };
      } catch (error) {
        ended = await record.end(error);
        await sayWhatStays(context, record);
        throw error;
      }
    });
  } catch (error) {
    // Another run that holds the workspace tells of itself.
    if (!ended && !(error instanceof LockError)) {
      await notify(context, [withoutRun(messageOf(error), exitCodeOf(error))]);
    }
    throw error;
  } finally {
    // Without the lock: what waits for a mail server holds up nobody.
    if (ended && ended.status !== "stopped") await notify(context, afterRun(context, ended));
  }
}

async function runSteps(context: RunContext, record: RunRecord, options: IngestOptions): Promise<string> {
  const { config, workspace, stop = neverStopped } = context;
  const effects = { ...context.effects, fetch: stoppableFetch(context.effects.fetch, stop) };
  const warehouse = await openWarehouse(workspace.warehouse, config.warehouse);
  let summary: IngestSummary;
  try {
    summary = await record.step("ingest", () => ingest({ ...context, effects, warehouse }, options), {
      lacks: whatFailed,
      rowCount: ({ streams }) => streams.reduce((sum, { rows }) => sum + rows, 0),
    });
    const { tests, testsDurationMs } = await record.step("build", () => build({ ...context, warehouse }), {
      rowCount: ({ models }) => models.reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0),
    });
    await record.tested(tests, testsDurationMs);
    await record.step("publish", () => publish({ ...context, warehouse }));
  } finally {
    warehouse.close();
  }
  const { page } = await record.step("report", () => renderReport(context));
  await copyPublished(context, record, summary);
  requireComplete(summary);
  return page;
}

/**
 * Copies the published tables to where tally.toml wants them, too. These are the last steps, since nothing waits for
 * them, and one that fails keeps none of the others from being done.
 *
 * @throws IncompleteError where one fails and streams had failed as well: the one must not hide the other
 */
async function copyPublished(
  context: RunContext,
  record: RunRecord,
  { failures }: IngestSummary,
): Promise<void> {
  const failedCopies: { step: string; error: unknown }[] = [];
  for (const { setting, write } of copiesOf(context)) {
    const step = `copy_${setting}`;
    try {
      await record.step(step, write, { rowCount: ({ rows }) => rows });
    } catch (error) {
      if (error instanceof StoppedError) throw error;
      failedCopies.push({ step, error });
    }
  }
  const failed = whatFailed({ failures });
  if (failedCopies.length === 0) return;
  if (failed === null) throw copiesFailed(failedCopies.map(({ error }) => error));
  throw incomplete(
    failures,
    [failed, ...failedCopies.map(({ error }) => messageOf(error))].join(" "),
    failedCopies.map(({ step }) => step),
  );
}

/** @throws IncompleteError that names what failed, where something did */
export function requireComplete({ failures }: IngestSummary): void {
  const failed = whatFailed({ failures });
  if (failed !== null) throw incomplete(failures, failed);
}

function incomplete(
  failures: readonly IngestFailure[],
  what: string,
  more: readonly string[] = [],
): IncompleteError {
  return new IncompleteError(`Incomplete: ${what}`, {
    hint: "What succeeded is kept, and the report says what is missing; the next run reads the rest again.",
    lacks: [...new Set([...failures.map(lackOf), ...more])].toSorted(),
  });
}

const lackOf = ({ stream, organization }: IngestFailure): string =>
  organization === null ? stream : `${stream} of ${organization}`;

function whatFailed({ failures }: Pick<IngestSummary, "failures">): string | null {
  // In an order of its own, since which one failed first is chance.
  const [first] = failures.toSorted((a, b) => order(a.stream, b.stream) || order(a.message, b.message));
  if (!first) return null;
  const others = failures.length > 1 ? ` ${failures.length - 1} more failed as well.` : "";
  return `${first.stream}: ${first.message}${others}`;
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Of a run that did not come to its end: how old what readers have is. */
async function sayWhatStays({ effects, workspace }: RunContext, record: RunRecord): Promise<void> {
  if (record.has("report")) return;
  const kept = record.has("publish") ? "reports" : "tables and reports";
  const good = (await readRuns(workspace)).findLast(({ is_published: isPublished }) => isPublished);
  if (!good) {
    effects.log.warn(`no run before this one came to its end, so there are no ${kept} of an earlier one`);
    return;
  }
  const ageMs = effects.wallClock().getTime() - Date.parse(good.finished_at);
  effects.log.warn(
    `the ${kept} of the last good run stay: they are of ${good.finished_at}, ${ageInWords(ageMs)} old`,
  );
}
