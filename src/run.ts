import type { Account } from "./accounts.ts";
import type { Config } from "./config.ts";
import { ageInWords } from "./duration.ts";
import type { Effects } from "./effects.ts";
import { IncompleteError } from "./errors/incomplete-error.ts";
import { LockError } from "./errors/lock-error.ts";
import { StoppedError } from "./errors/stopped-error.ts";
import { exitCodes, TallyError } from "./errors/tally-error.ts";
import { TestsFailedError } from "./errors/tests-failed-error.ts";
import { copiesFailed, copiesOf } from "./exports/copies.ts";
import { type IngestFailure, type IngestOptions, type IngestSummary, ingest } from "./ingest/ingest.ts";
import type { Pace } from "./ingest/retry.ts";
import { build } from "./models/build.ts";
import { publish } from "./models/publish.ts";
import type { TestResult } from "./models/test-results.ts";
import { afterRun, withoutRun } from "./notify/happened.ts";
import { notify } from "./notify/notify.ts";
import { renderReport } from "./reports/report.ts";
import { appendToRunLog, type RunLine, type RunStatus, readRuns, type StepLine } from "./run-log.ts";
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

interface StepOptions<T> {
  /** What is missing of the step's result; null where nothing is. */
  lacks?: (result: T) => string | null;
  rowCount?: (result: T) => number;
}

interface RunRecord {
  step<T>(name: string, work: () => Promise<T>, options?: StepOptions<T>): Promise<T>;
  /** @throws TestsFailedError where a test of severity error failed */
  tested(tests: readonly TestResult[], durationMs: number): Promise<void>;
  /** Writes the line of the whole run. */
  end(error: unknown): Promise<RunLine>;
  /** Whether a step came to its end. */
  has(step: string): boolean;
}

function createRecord({ effects, workspace, stop = neverStopped }: RunContext): RunRecord {
  const startedAt = effects.wallClock();
  const runId = startedAt.toISOString();
  const steps: StepLine[] = [];
  let failingTests: RunLine["failing_tests"] = null;
  const line = (
    name: string,
    status: RunStatus,
    from: Date,
    more: Partial<Pick<StepLine, "message" | "row_count">>,
  ): StepLine => {
    const finishedAt = effects.wallClock();
    return {
      run_id: runId,
      step: name,
      status,
      started_at: from.toISOString(),
      finished_at: finishedAt.toISOString(),
      duration_ms: Math.max(0, finishedAt.getTime() - from.getTime()),
      row_count: more.row_count ?? null,
      message: more.message ?? null,
    };
  };
  const note = async (entry: StepLine) => {
    steps.push(entry);
    await appendToRunLog(workspace, entry);
    effects.log.detail(`${entry.step}: ${entry.status} in ${entry.duration_ms} ms`);
  };
  const has = (name: string) => steps.some(({ step, status }) => step === name && status === "done");
  return {
    async step(name, work, { lacks = () => null, rowCount } = {}) {
      stop.signal.throwIfAborted();
      const from = effects.wallClock();
      let result: Awaited<ReturnType<typeof work>>;
      try {
        result = await work();
      } catch (error) {
        const message = messageOf(error);
        await note(line(name, statusOf(error), from, { message })).catch(() => undefined);
        throw error;
      }
      const message = lacks(result);
      const status = message === null ? "done" : "incomplete";
      await note(line(name, status, from, { message, row_count: rowCount?.(result) ?? null }));
      return result;
    },
    async tested(tests, durationMs) {
      stop.signal.throwIfAborted();
      const failed = tests.filter(({ failingRows }) => failingRows > 0);
      failingTests = failed.map(({ name, severity, failingRows }) => ({
        name,
        severity,
        failing_rows: failingRows,
      }));
      const errors = failed.filter(({ severity }) => severity === "error");
      const error =
        errors.length === 0
          ? null
          : new TestsFailedError(
              `${errors.length} of ${tests.length} data tests failed, so nothing was published or reported: ${errors.map(({ name }) => name).join(", ")}.`,
              {
                hint: `See the rows with \`tally test --workspace ${workspace.root}\`. What was read is kept; the next run tests again.`,
              },
            );
      const from = new Date(effects.wallClock().getTime() - durationMs);
      await note(line("test", error ? "failed" : "done", from, { message: error?.message ?? null }));
      if (error) throw error;
    },
    async end(error) {
      const total = line("run", error === null ? "done" : statusOf(error), startedAt, {
        message: error === null ? null : messageOf(error),
        row_count: steps.find(({ step }) => step === "ingest")?.row_count ?? null,
      });
      const runLine: RunLine = {
        ...total,
        step: "run",
        exit_code: error === null ? exitCodes.done : exitCodeOf(error),
        steps: steps.map(({ step, status, duration_ms, row_count }) => ({
          step,
          status,
          duration_ms,
          row_count,
        })),
        lacks: error instanceof IncompleteError ? error.lacks : [],
        failing_tests: failingTests,
        is_published: has("publish") && has("report"),
      };
      await appendToRunLog(workspace, runLine).catch((failure: unknown) => {
        // The run's own error is the one to say, also where the disk has no room for this line.
        if (error === null) throw failure;
      });
      return runLine;
    },
    has,
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const exitCodeOf = (error: unknown) => (error instanceof TallyError ? error.exitCode : exitCodes.failed);

function statusOf(error: unknown): RunStatus {
  if (error instanceof StoppedError) return "stopped";
  return error instanceof IncompleteError ? "incomplete" : "failed";
}

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
