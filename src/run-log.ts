import { appendFile, mkdir, open, readFile, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { ExitCode } from "./errors/tally-error.ts";
import type { Workspace } from "./workspace.ts";

/** What became of a step, or of a run; `stopped` where a signal ended it. */
export type RunStatus = "done" | "incomplete" | "failed" | "stopped";

/** A line of logs/runs.ndjson: one step of a run. */
export interface StepLine {
  run_id: string;
  step: string;
  status: RunStatus;
  started_at: string;
  finished_at: string;
  duration_ms: number;
  /** Rows read by ingest, rows of the tables that build made; null for other steps. */
  row_count: number | null;
  /** What failed; null where nothing did. */
  message: string | null;
}

export interface FailingTest {
  name: string;
  severity: "error" | "warn";
  failing_rows: number;
}

/** The last line of each run: the whole of it, its steps once more in short. */
export interface RunLine extends StepLine {
  step: "run";
  exit_code: ExitCode;
  /** What an incomplete run lacks: the streams that failed, and `copy` where that did; sorted, and empty for others. */
  lacks: readonly string[];
  steps: readonly Pick<StepLine, "step" | "status" | "duration_ms" | "row_count">[];
  /** The data tests that failed, by its own data; null where it did not come so far. */
  failing_tests: readonly FailingTest[] | null;
  /** Whether the published tables and the reports are of this run. */
  is_published: boolean;
}

/** A file that has grown so large becomes the older one; the older one before it goes. */
const mostBytes = 4 * 2 ** 20;

const longestMessage = 1000;

/** The files that hold the log, the older first; either may be missing. */
export const runLogFiles = ({ runLog }: Pick<Workspace, "runLog">): readonly string[] => [
  olderFile(runLog),
  runLog,
];

const olderFile = (runLog: string): string => runLog.replace(/\.ndjson$/, ".1.ndjson");

/** Adds a line to logs/runs.ndjson, which never grows beyond twice four MiB. */
export async function appendToRunLog(workspace: Workspace, line: StepLine | RunLine): Promise<void> {
  const { runLog } = workspace;
  await mkdir(dirname(runLog), { recursive: true });
  const size = await stat(runLog).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size > mostBytes) await rename(runLog, olderFile(runLog));
  const message = line.message?.slice(0, longestMessage) ?? null;
  // A line of its own also after one that a killed process left half written.
  const start = size > 0 && size <= mostBytes && !(await endsWithNewline(runLog, size)) ? "\n" : "";
  await appendFile(runLog, `${start}${JSON.stringify({ ...line, message })}\n`);
}

async function endsWithNewline(path: string, size: number): Promise<boolean> {
  const handle = await open(path, "r");
  try {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] === 0x0a;
  } finally {
    await handle.close();
  }
}

/** The runs that have ended, the oldest first. What can't be read as one is passed over. */
export async function readRuns(workspace: Workspace): Promise<RunLine[]> {
  const runs: RunLine[] = [];
  for (const file of runLogFiles(workspace)) {
    const text = await readFile(file, "utf8").catch(() => "");
    for (const line of text.split("\n")) {
      const run = line.includes('"step":"run"') ? runOf(line) : null;
      if (run) runs.push(run);
    }
  }
  return runs;
}

function runOf(line: string): RunLine | null {
  try {
    const value = JSON.parse(line) as RunLine;
    const isRun =
      value.step === "run" &&
      typeof value.run_id === "string" &&
      Array.isArray(value.steps) &&
      !Number.isNaN(Date.parse(value.started_at)) &&
      !Number.isNaN(Date.parse(value.finished_at));
    return isRun ? value : null;
  } catch {
    return null;
  }
}
