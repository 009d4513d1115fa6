import type { Effects } from "./effects.ts";
import { IncompleteError } from "./errors/incomplete-error.ts";
import { StoppedError } from "./errors/stopped-error.ts";
import { exitCodes, TallyError } from "./errors/tally-error.ts";
import { TestsFailedError } from "./errors/tests-failed-error.ts";
import type { TestResult } from "./models/test-results.ts";
import { appendToRunLog, type RunLine, type RunStatus, type StepLine } from "./run-log.ts";
import { neverStopped, type Stop } from "./stop.ts";
import type { Workspace } from "./workspace.ts";

export interface RecordContext {
  effects: Effects;
  workspace: Workspace;
  stop?: Stop;
}

interface StepOptions<T> {
  /** What is missing of the step's result; null where nothing is. */
  lacks?: (result: T) => string | null;
  rowCount?: (result: T) => number;
}

/** What a run did so far: each step is a line in logs/runs.ndjson as it ends, and so is the whole run. */
export interface RunRecord {
  step<T>(name: string, work: () => Promise<T>, options?: StepOptions<T>): Promise<T>;
  /** @throws TestsFailedError where a test of severity error failed */
  tested(tests: readonly TestResult[], durationMs: number): Promise<void>;
  /** Writes the line of the whole run. */
  end(error: unknown): Promise<RunLine>;
  /** Whether a step came to its end. */
  has(step: string): boolean;
}

export function createRecord({ effects, workspace, stop = neverStopped }: RecordContext): RunRecord {
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

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const exitCodeOf = (error: unknown) =>
  error instanceof TallyError ? error.exitCode : exitCodes.failed;

function statusOf(error: unknown): RunStatus {
  if (error instanceof StoppedError) return "stopped";
  return error instanceof IncompleteError ? "incomplete" : "failed";
}
