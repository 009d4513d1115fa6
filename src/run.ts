import { appendFile, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { Config, Credentials } from "./config.ts";
import type { Effects } from "./effects.ts";
import { IncompleteError } from "./errors/incomplete-error.ts";
import { type IngestSummary, ingest } from "./ingest/ingest.ts";
import { build } from "./models/build.ts";
import { publish } from "./models/publish.ts";
import { renderReport } from "./reports/report.ts";
import { openWarehouse } from "./warehouse.ts";
import { type Workspace, withLock } from "./workspace.ts";

export interface RunContext {
  effects: Effects;
  workspace: Workspace;
  config: Config;
  credentials: Credentials;
}

/**
 * The whole of a night: lock, ingest, build, publish, report. What was read is built and reported even where
 * some streams failed; each step's result is a line in logs/runs.ndjson, which is published as meta_run.
 *
 * @returns the path of the report's page
 * @throws IncompleteError, after the report is written, where some streams failed for good
 * @throws LockError where another process writes to the workspace
 */
export async function run(context: RunContext): Promise<{ page: string }> {
  const { effects, workspace, config } = context;
  return withLock(workspace, effects, "run", async () => {
    const runId = effects.wallClock().toISOString();
    const step = <T>(name: string, work: () => Promise<T>, lacks?: (result: T) => string | null) =>
      recordStep(context, runId, name, work, lacks);
    const warehouse = await openWarehouse(workspace.warehouse, config.warehouse);
    let summary: IngestSummary;
    try {
      summary = await step("ingest", () => ingest({ ...context, warehouse }), whatFailed);
      await step("build", () => build({ ...context, warehouse }));
      await step("publish", () => publish({ ...context, warehouse }));
    } finally {
      warehouse.close();
    }
    const { page } = await step("report", () => renderReport(context));
    requireComplete(summary);
    return { page };
  });
}

/** @throws IncompleteError that names what failed, where something did */
export function requireComplete({ failures }: IngestSummary): void {
  const failed = whatFailed({ failures });
  if (failed === null) return;
  throw new IncompleteError(`Incomplete: ${failed}`, {
    hint: "What succeeded is kept, and the report says what is missing; the next run reads the rest again.",
  });
}

function whatFailed({ failures }: Pick<IngestSummary, "failures">): string | null {
  const [first] = failures;
  if (!first) return null;
  const others = failures.length > 1 ? ` ${failures.length - 1} more failed as well.` : "";
  return `${first.stream}: ${first.message}${others}`;
}

async function recordStep<T>(
  { effects, workspace }: RunContext,
  runId: string,
  step: string,
  work: () => Promise<T>,
  lacks: (result: T) => string | null = () => null,
): Promise<T> {
  const startedAt = effects.wallClock();
  const record = async (status: "done" | "incomplete" | "failed", message: string | null) => {
    const finishedAt = effects.wallClock();
    await mkdir(dirname(workspace.runLog), { recursive: true });
    const entry = {
      run_id: runId,
      step,
      status,
      started_at: startedAt.toISOString(),
      finished_at: finishedAt.toISOString(),
      duration_ms: finishedAt.getTime() - startedAt.getTime(),
      message,
    };
    await appendFile(workspace.runLog, `${JSON.stringify(entry)}\n`);
    effects.log.detail(`${step}: ${status} in ${entry.duration_ms} ms`);
  };
  try {
    const result = await work();
    const lacking = lacks(result);
    await record(lacking === null ? "done" : "incomplete", lacking);
    return result;
  } catch (error) {
    // The step's own error is the one to say, also where the disk has no room for this line.
    await record("failed", error instanceof Error ? error.message : String(error)).catch(() => undefined);
    throw error;
  }
}
