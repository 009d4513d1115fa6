import { randomBytes } from "node:crypto";
import type { Config, Credentials } from "../config.ts";
import type { Effects } from "../effects.ts";
import { ConfigError } from "../errors/config-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import type { Warehouse } from "../warehouse.ts";
import type { Workspace } from "../workspace.ts";
import { createClient } from "./client.ts";
import { defineMacros } from "./column-sql.ts";
import { openJournal } from "./journal.ts";
import { openLanding } from "./land.ts";
import type { LoadStep } from "./loader.ts";
import { type Run, readAccount, readOrganization } from "./organization.ts";
import { showProgress } from "./progress.ts";
import { type Pruned, pruneLanded } from "./prune.ts";
import { createRawTables } from "./raw-tables.ts";
import { createReader, type ReadContext } from "./read.ts";
import { listFormsSeen } from "./records.ts";
import { redoLast } from "./redo.ts";
import { replay } from "./replay.ts";
import type { Pace } from "./retry.ts";
import { type Stream, streams } from "./streams.ts";
import { createSummary, type IngestSummary, summaryLine } from "./summary.ts";
import { unitOf } from "./units.ts";

export type { IngestFailure, IngestSummary, StreamSummary } from "./summary.ts";

export interface IngestContext {
  effects: Effects;
  config: Config;
  credentials: Credentials;
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
  /** Reads the whole history of usage again, and every list. */
  full?: boolean;
}

/** Rebuilds every raw table from what has landed, offline. */
export const replayLanded = (context: Omit<IngestContext, "credentials">): Promise<IngestSummary> =>
  replay(context, newRunId(context.effects));

const newRunId = (effects: Effects): string =>
  `${effects.wallClock().toISOString().replace(/[:.]/g, "")}-${randomBytes(3).toString("hex")}`;

/**
 * Reads usage and inventory from the API: every response lands as a file, and is loaded into the raw tables.
 * A stream or window that fails for good fails alone: it is noted in raw.read_windows and in the summary, and
 * the next run reads it again. Running it again without news changes nothing.
 *
 * @throws ApiError where nothing can be read at all, such as for a wrong key or an unreachable host
 * @throws ConfigError where the organisation that is asked for is not among those that the credential sees
 * @throws StorageError where the workspace can't be written
 */
export async function ingest(context: IngestContext, options: IngestOptions = {}): Promise<IngestSummary> {
  const { config, workspace, warehouse } = context;
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
  try {
    const client = createClient({ ...context, effects, api: config.api });
    const { onStep } = context;
    await redoLast({ warehouse, landing, runId, now }, workspace.raw);
    const read: ReadContext = {
      ...{ effects, warehouse, landing, journal, client, summary, runId, now, onStep },
      listFormsSeen: await listFormsSeen(warehouse),
    };
    const run: Run = { config, options, selected, read, reader: createReader(read) };
    const failure = await run.reader.read(unitOf("organizations", { organizationId: null, projectId: null }));
    if (failure) throw failure;
    const organizationIds = await organizationsToRead(run);
    await readAccount(run);
    for (const organizationId of organizationIds) await readOrganization(run, organizationId);
  } finally {
    progress.stop();
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

/** The organisation that the settings name, else all that the credential sees. */
async function organizationsToRead({ config, read }: Run): Promise<string[]> {
  const { effects, warehouse } = read;
  const seen = await warehouse.all<{ id: string; name: string | null }>(
    "select id, name from raw.organizations where _valid_to is null order by id",
  );
  const wanted = config.api.organization;
  if (wanted === undefined) {
    if (seen.length === 0)
      effects.log.warn("The credential sees no organisation, so there is nothing to read.");
    return seen.map(({ id }) => id);
  }
  const byId = seen.filter(({ id }) => id === wanted);
  const found = byId.length > 0 ? byId : seen.filter(({ name }) => name === wanted);
  const [only] = found;
  if (only && found.length === 1) return [only.id];
  const shown = seen
    .map(({ id, name }) => (name === null ? id : `${JSON.stringify(name)} (${id})`))
    .join(", ");
  throw new ConfigError(
    found.length > 1
      ? `${found.length} organisations are called ${JSON.stringify(wanted)}.`
      : `The credential sees no organisation ${JSON.stringify(wanted)}.`,
    {
      hint: `Set organization under [api] in tally.toml to the name or id of one of these: ${shown || "none"}.`,
    },
  );
}
