import { randomBytes } from "node:crypto";
import pLimit from "p-limit";
import type { Config, Credentials } from "../config.ts";
import type { Effects } from "../effects.ts";
import { ConfigError } from "../errors/config-error.ts";
import { LoadError } from "../errors/load-error.ts";
import type { TallyError } from "../errors/tally-error.ts";
import { UsageError } from "../errors/usage-error.ts";
import type { Warehouse } from "../warehouse.ts";
import type { Workspace } from "../workspace.ts";
import { createClient } from "./client.ts";
import { defineMacros } from "./column-sql.ts";
import { openLanding } from "./land.ts";
import { recordNothingOffered } from "./load.ts";
import { planUsage, type UsageOffer } from "./plan.ts";
import { createRawTables } from "./raw-tables.ts";
import { createReader, type ReadContext, type Reader } from "./read.ts";
import type { Pace } from "./retry.ts";
import { type Stream, type StreamScope, streamNamed, streamRequest, streams } from "./streams.ts";
import { createSummary, type IngestSummary, summaryLine } from "./summary.ts";
import type { Unit } from "./units.ts";
import { dayOf, usageRange } from "./windows.ts";

export type { IngestFailure, IngestSummary, StreamSummary } from "./summary.ts";

export interface IngestContext {
  effects: Effects;
  config: Config;
  credentials: Credentials;
  workspace: Workspace;
  warehouse: Warehouse;
  /** How waiting between attempts is done; a test passes its own. */
  pace?: Pace;
}

export interface IngestOptions {
  /** The first UTC day of usage to read, whatever was read before. */
  from?: string;
  /** The last one, inclusive. */
  to?: string;
  /** Names of streams; all where not given. What they need to be read is read as well. */
  streams?: readonly string[];
  /** Reads the whole history of usage again. */
  full?: boolean;
}

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
  const { effects, config, workspace, warehouse } = context;
  const selected = selectedStreams(options.streams);
  const runId = `${effects.wallClock().toISOString().replace(/[:.]/g, "")}-${randomBytes(3).toString("hex")}`;
  await createRawTables(warehouse);
  await defineMacros(warehouse);
  const landing = await openLanding(workspace.raw, runId);
  try {
    const summary = createSummary(runId);
    const client = createClient({ ...context, api: config.api });
    const read: ReadContext = { effects, warehouse, landing, client, summary, runId, now: effects.now() };
    const run: Run = { context, options, selected, read, reader: createReader(read) };
    const failure = await run.reader.read(unitOf("organizations", { organizationId: null, projectId: null }));
    if (failure) throw failure;
    for (const organizationId of await organizationsToRead(run)) await readOrganization(run, organizationId);
    const result = summary.done();
    for (const stream of result.streams) effects.log.info(summaryLine(stream));
    return result;
  } finally {
    await landing.close();
  }
}

interface Run {
  context: IngestContext;
  options: IngestOptions;
  selected: readonly Stream[];
  read: ReadContext;
  reader: Reader;
}

function selectedStreams(names: readonly string[] | undefined): readonly Stream[] {
  if (!names) return streams;
  const unknown = names.find((name) => !streams.some((stream) => stream.name === name));
  if (unknown !== undefined) {
    throw new UsageError(`There is no stream ${JSON.stringify(unknown)}.`, {
      hint: `Streams are ${streams.map((stream) => stream.name).join(", ")}.`,
    });
  }
  return streams.filter((stream) => names.includes(stream.name));
}

function unitOf(streamName: string, scope: StreamScope): Unit {
  const stream = streamNamed(streamName);
  const { path, query } = streamRequest(stream, scope);
  return { ...scope, stream, path, queries: [query], usage: null };
}

/** The organisation that the settings name, else all that the credential sees. */
async function organizationsToRead({ context }: Run): Promise<string[]> {
  const { config, effects, warehouse } = context;
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

async function readOrganization(run: Run, organizationId: string): Promise<void> {
  const { selected, read } = run;
  const has = (test: (stream: Stream) => boolean) => selected.some(test);
  const scope = { organizationId, projectId: null };
  const [, isOfferFresh] = await Promise.all([
    // Projects are what most streams are read by, and what coverage is kept for.
    has((stream) => stream.scope !== "account") && readNoting(run, unitOf("projects", scope)),
    has((stream) => stream.history === "usage" || stream.name === "usage_options") &&
      readNoting(run, unitOf("usage_options", scope)),
  ]);
  const projects = await read.warehouse.all<{ id: string }>(
    "select id from raw.projects where _valid_to is null and organization_id = $organizationId order by id",
    { organizationId },
  );
  const projectIds = projects.map(({ id }) => id);
  const work = [
    ...inventoryWork(run, organizationId, projectIds),
    ...(await usageWork(run, organizationId, projectIds, isOfferFresh)),
  ];
  const limit = pLimit(run.context.config.api.maxInFlight);
  try {
    await Promise.all(work.map((each) => limit(each)));
  } catch (error) {
    // Nothing more can be kept: what has not begun need not begin.
    limit.clearQueue();
    throw error;
  }
}

/** Reads a unit and notes its failure; whether it succeeded. */
async function readNoting(run: Run, unit: Unit): Promise<boolean> {
  const failure = await run.reader.read(unit);
  if (failure) note(run, unit, failure);
  return failure === null;
}

function note({ read }: Run, { stream, organizationId, projectId, usage }: Unit, failure: TallyError): void {
  const { message, hint } = failure;
  read.summary.fail({
    stream: stream.name,
    organizationId,
    projectId,
    window: usage?.window ?? null,
    message,
    hint,
  });
  read.effects.log.warn(message);
}

type Work = () => Promise<unknown>;

function inventoryWork(run: Run, organizationId: string, projectIds: readonly string[]): Work[] {
  const readFirst = new Set(["organizations", "projects", "usage_options"]);
  return run.selected
    .filter((stream) => stream.history === "inventory" && !readFirst.has(stream.name))
    .flatMap(({ name, scope }): Work[] => {
      const units = projectIds.map((projectId) => unitOf(name, { organizationId, projectId }));
      switch (scope) {
        case "project":
          return units.map((unit) => () => readNoting(run, unit));
        case "any_project":
          return units.length > 0 ? [() => readFirstThatAnswers(run, units)] : [];
        default:
          return [() => readNoting(run, unitOf(name, { organizationId, projectId: null }))];
      }
    });
}

/** More than so many projects are not asked for what is the same in each. */
const mostProjectsAsked = 5;

async function readFirstThatAnswers(run: Run, units: readonly Unit[]): Promise<void> {
  let failed: { unit: Unit; failure: TallyError } | undefined;
  for (const unit of units.slice(0, mostProjectsAsked)) {
    const failure = await run.reader.read(unit);
    if (!failure) return;
    failed ??= { unit, failure };
  }
  if (failed) note(run, failed.unit, failed.failure);
}

/** The windows of usage to read; both streams of a window one after the other, newest first. */
async function usageWork(
  run: Run,
  organizationId: string,
  projectIds: readonly string[],
  isOfferFresh: boolean,
): Promise<Work[]> {
  const { context, options, read } = run;
  const usageStreams = run.selected.filter((stream) => stream.history === "usage");
  const offer = usageStreams.length > 0 ? await offeredUsage(run, organizationId) : null;
  if (!offer) return [];
  const today = dayOf(read.now);
  const units: Unit[] = [];
  for (const stream of usageStreams) {
    const planned = await planUsage(read.warehouse, {
      stream,
      organizationId,
      offer,
      today,
      lookbackDays: context.config.ingest.lookbackDays,
      asked: { from: options.from, to: options.to, full: options.full },
      urlLength: read.client.urlLength,
    });
    units.push(...planned);
    // What is not on offer has no usage. An offer that was not read tonight says nothing of new projects.
    const isOffered = new Set(offer.resourceTypes.length > 0 ? offer.projects : []);
    const window = usageRange(offer, today);
    if (isOfferFresh && window.from <= window.to) {
      await recordNothingOffered(
        read,
        { ...unitOf(stream.name, { organizationId, projectId: null }), usage: { ...noUsage, window } },
        projectIds.filter((id) => !isOffered.has(id)),
      );
    }
  }
  return units
    .sort((a, b) => (b.usage?.window.to ?? "").localeCompare(a.usage?.window.to ?? ""))
    .map((unit) => () => readNoting(run, unit));
}

const noUsage = { projects: [], otherProjects: [], resourceTypes: [], regions: [] };

/** What usage/options said last. */
async function offeredUsage(run: Run, organizationId: string): Promise<UsageOffer | null> {
  const { read, options } = run;
  const row = await read.warehouse.first<{
    start_date: string | null;
    end_date: string | null;
    projects: string[] | null;
    regions: string[] | null;
    resource_types: string[] | null;
  }>(
    `select start_date, end_date, projects, regions, resource_types
     from raw.usage_options
     where _valid_to is null and organization_id = $organizationId`,
    { organizationId },
  );
  if (!row) return null;
  const offer = {
    end: row.end_date,
    projects: row.projects ?? [],
    resourceTypes: row.resource_types ?? [],
    regions: row.regions ?? [],
  };
  const start = row.start_date ?? options.from;
  const hasUsage = offer.projects.length > 0 && offer.resourceTypes.length > 0;
  if (start === undefined && hasUsage) {
    const unit = unitOf("usage_options", { organizationId, projectId: null });
    const message = `GET ${unit.path} names no start_date that can be read, so usage can't be asked for.`;
    note(run, unit, new LoadError(message, { hint: "Say with --from which day to begin with." }));
    return null;
  }
  return { ...offer, start: start ?? dayOf(read.now) };
}
