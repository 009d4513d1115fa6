import { randomBytes } from "node:crypto";
import type { Account } from "../accounts.ts";
import type { Config } from "../config.ts";
import type { Effects } from "../effects.ts";
import { UsageError } from "../errors/usage-error.ts";
import type { Warehouse } from "../warehouse.ts";
import type { Workspace } from "../workspace.ts";
import { readAccounts } from "./account.ts";
import { defineMacros } from "./column-sql.ts";
import { openJournal } from "./journal.ts";
import { openLanding } from "./land.ts";
import { createLoader, type LoadStep } from "./loader.ts";
import { showProgress } from "./progress.ts";
import { type Pruned, pruneLanded } from "./prune.ts";
import { createRawTables } from "./raw-tables.ts";
import { listFormsSeen } from "./records.ts";
import { redoLast } from "./redo.ts";
import { replay } from "./replay.ts";
import type { Pace } from "./retry.ts";
import { type Stream, streams } from "./streams.ts";
import { createSummary, type IngestSummary, summaryLine } from "./summary.ts";

export type { IngestFailure, IngestSummary, StreamSummary } from "./summary.ts";

export interface IngestContext {
  effects: Effects;
  config: Config;
  /** What is read, and with which credentials. */
  accounts: readonly Account[];
  workspace: Workspace;
  warehouse: Warehouse;
  /** How waiting between attempts is done; a test passes its own. */
  pace?: Pace;
  /** Called at each step of each load; a test kills the process there. */
  onStep?: (step: LoadStep) => void;
}

export interface IngestOptions {
  /** The first UTC day of usage to read, whatever was read before. */
  from?: string;
  /** The last one, inclusive. */
  to?: string;
  /** Names of streams; all where not given. What they need to be read is read as well. */
  streams?: readonly string[];
  /** Ids or names of organisations; all where not given. */
  organizations?: readonly string[];
  /** Reads the whole history of usage again, and every list. */
  full?: boolean;
}

/** Rebuilds every raw table from what has landed, offline. */
export const replayLanded = (context: Omit<IngestContext, "accounts">): Promise<IngestSummary> =>
  replay(context, newRunId(context.effects));

const newRunId = (effects: Effects): string =>
  `${effects.wallClock().toISOString().replace(/[:.]/g, "")}-${randomBytes(3).toString("hex")}`;

/**
 * Reads usage and inventory from the API: every response lands as a file, and is loaded into the raw tables.
 * A stream or window that fails for good fails alone: it is noted in raw.read_windows and in the summary, and
 * the next run reads it again. Running it again without news changes nothing.
 *
 * @throws ApiError where nothing can be read at all, such as for a wrong key or an unreachable host
 * @throws ConfigError where an organisation that is to be read is not among those that the credential sees
 * @throws StorageError where the workspace can't be written
 */
export async function ingest(context: IngestContext, options: IngestOptions = {}): Promise<IngestSummary> {
  const { config, workspace, warehouse, pace, onStep } = context;
  const selected = selectedStreams(options.streams);
  const runId = newRunId(context.effects);
  await createRawTables(warehouse);
  await defineMacros(warehouse);
  const landing = await openLanding(workspace.raw, runId);
  const journal = await openJournal(workspace.raw);
  const summary = createSummary(runId);
  const progress = showProgress(context.effects, summary.progress);
  const effects = { ...context.effects, log: progress.log };
  const now = effects.now();
  const accounts = context.accounts.flatMap(({ label }) => label ?? []);
  const loading = { warehouse, landing, journal, runId, now, accounts, onStep };
  // What is asked of the warehouse meanwhile does not stand in the way of a load, and sees none that is half done.
  const known = await warehouse.connect();
  let loads = 0;
  try {
    await redoLast(loading, workspace.raw);
    const shared = { effects, config, options, selected, summary, known, loading, landing, pace, onStep };
    await readAccounts(
      {
        ...shared,
        loader: createLoader(loading),
        listFormsSeen: await listFormsSeen(warehouse),
        nextLoadId: () => `${runId}/${String(++loads).padStart(5, "0")}`,
      },
      context.accounts,
    );
  } finally {
    progress.stop();
    known.close();
    await journal.close();
    await landing.close();
  }
  const pruned = await pruneLanded({ warehouse, root: workspace.raw, now, limits: config.raw });
  if (pruned) context.effects.log.info(prunedLine(pruned));
  const result = summary.done();
  for (const stream of result.streams) context.effects.log.info(summaryLine(stream));
  return result;
}

const prunedLine = ({ runs, files, bytes, since }: Pruned): string =>
  `data/raw: ${files.toLocaleString("en-US")} files of ${runs} ${runs === 1 ? "run" : "runs"} pruned ` +
  `(${(bytes / 2 ** 20).toFixed(1)} MiB), as [raw] in tally.toml says; a replay has those since ${since} UTC, ` +
  "and keeps what is known from before.";

/**
 * The streams of those names; all where none are given.
 *
 * @throws UsageError where there is none of a name
 */
export function selectedStreams(names: readonly string[] | undefined): readonly Stream[] {
  if (!names) return streams;
  const unknown = names.find((name) => !streams.some((stream) => stream.name === name));
  if (unknown !== undefined || names.length === 0) {
    const known = streams.map(({ name }) => name);
    const alike = known.filter((name) => unknown && name.startsWith(unknown.toLowerCase().slice(0, 4)));
    throw new UsageError(
      unknown
        ? `--streams names ${JSON.stringify(unknown)}, which is no stream.`
        : "--streams names no stream.",
      { hint: `${alike.length > 0 ? `Is it ${alike.join(" or ")}? ` : ""}Streams are ${known.join(", ")}.` },
    );
  }
  return streams.filter((stream) => names.includes(stream.name));
}
