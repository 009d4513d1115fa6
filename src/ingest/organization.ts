import pLimit from "p-limit";
import type { Config } from "../config.ts";
import type { Effects } from "../effects.ts";
import type { TallyError } from "../errors/tally-error.ts";
import type { Warehouse } from "../warehouse.ts";
import type { Client } from "./client.ts";
import { isDue, type LastReads, lastReadOf, lastReads, spanFrom } from "./due.ts";
import type { IngestOptions } from "./ingest.ts";
import type { Journal } from "./journal.ts";
import type { LoadContext } from "./load.ts";
import type { Loader } from "./loader.ts";
import type { Reader } from "./read.ts";
import { createSecondChances, type SecondChances } from "./second-chance.ts";
import type { Stream, StreamScope } from "./streams.ts";
import type { SummaryKeeper } from "./summary.ts";
import { type Unit, unitOf } from "./units.ts";
import { usageWork } from "./usage-work.ts";
import { dayOf, earlier } from "./windows.ts";

/** What the reading of one organisation, or of what is an account's own, goes by. */
export interface Run {
  config: Config;
  options: IngestOptions;
  selected: readonly Stream[];
  effects: Effects;
  summary: SummaryKeeper;
  /** Asks what the warehouse knows, on a connection that no transaction is open on. */
  known: Warehouse;
  loader: Loader;
  /** What goes into the warehouse besides what is read; only when it is the loader's turn. */
  loading: LoadContext & { journal: Journal };
  reader: Reader;
  urlLength: Client["urlLength"];
}

/** Something to be read, once there is room for it: a unit, or several in a way of their own. */
export type Work = Unit | ((chances: SecondChances) => Promise<unknown>);

/** Read before everything else, since they say what there is to read. */
const readFirst: ReadonlySet<string> = new Set(["organizations", "projects", "usage_options"]);

/** Reads what belongs to the credential itself, and to no organisation. */
export async function readAccountLists(run: Run, account: string | null): Promise<void> {
  const reads = await lastReads(run.known);
  const scope = { account, organizationId: null, projectId: null };
  const units = listsOf(run)
    .filter((stream) => stream.scope === "account")
    .map((stream) => listUnit(run, reads, stream, scope));
  await inParallel(run, readingOf(run, reads, units));
}

/**
 * Reads all that is selected of one organisation: first what says what there is to read, then the rest side by
 * side, usage newest first.
 */
export async function readOrganization(run: Run, organizationId: string): Promise<void> {
  const { selected, known } = run;
  const has = (test: (stream: Stream) => boolean) => selected.some(test);
  const scope = { account: null, organizationId, projectId: null };
  const [, isOfferFresh] = await Promise.all([
    // Projects are what most streams are read by, and what coverage is kept for.
    has((stream) => stream.scope !== "account") && run.reader.readNoting(unitOf("projects", scope)),
    has((stream) => stream.history === "usage" || stream.name === "usage_options") &&
      run.reader.readNoting(unitOf("usage_options", scope)),
  ]);
  const projects = await known.all<{ id: string }>(
    "select id from raw.projects where _valid_to is null and organization_id = $organizationId order by id",
    { organizationId },
  );
  const projectIds = projects.map(({ id }) => id);
  const work = [
    ...listWork(run, organizationId, projectIds, await lastReads(known)),
    ...(await usageWork(run, organizationId, projectIds, isOfferFresh)),
  ];
  await inParallel(run, work);
}

/** How much is begun at once: more than may be asked for, so that what has landed can be loaded together. */
const mostBegun = 64;

/**
 * Reads all of the work, so much at a time. What failed in a way that may pass is read once more at the end,
 * when whatever it was may be over; where more than half failed, the API itself is down and it is not.
 */
async function inParallel(run: Run, work: readonly Work[]): Promise<void> {
  const chances = createSecondChances(run.reader, work.length);
  run.summary.plan(work.length);
  await allOf(
    work.map((each) => async () => {
      await (typeof each === "function" ? each(chances) : chances.tryToRead(each));
      run.summary.finish();
    }),
  );
  await allOf(chances.left());
}

/** Does all of it, so much at a time. After an error nothing more is begun, and what runs is awaited. */
async function allOf(work: readonly (() => Promise<unknown>)[]): Promise<void> {
  const limit = pLimit(mostBegun);
  let isStopped = false;
  const results = await Promise.allSettled(
    work.map((each) =>
      limit(async () => {
        if (isStopped) return;
        try {
          await each();
        } catch (error) {
          isStopped = true;
          throw error;
        }
      }),
    ),
  );
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

const listsOf = ({ selected }: Run): Stream[] =>
  selected.filter((stream) => stream.history !== "usage" && !readFirst.has(stream.name));

function listUnit(run: Run, reads: LastReads, stream: Stream, scope: StreamScope): Unit {
  const unit = unitOf(stream.name, scope);
  if (!stream.span) return unit;
  const today = dayOf(run.loading.now);
  const from = run.options.from ?? spanFrom(unit, lastReadOf(reads, unit), today);
  return unitOf(stream.name, scope, { from: earlier(from, today), to: today });
}

function readingOf(run: Run, reads: LastReads, units: readonly Unit[]): Work[] {
  const today = dayOf(run.loading.now);
  // What is asked for by name is wanted now.
  const isForced = run.options.full === true || run.options.streams !== undefined;
  return units.filter((unit) => isForced || isDue(unit, lastReadOf(reads, unit), today));
}

function listWork(run: Run, organizationId: string, projectIds: readonly string[], reads: LastReads): Work[] {
  return listsOf(run).flatMap((stream): Work[] => {
    const scope = { account: null, organizationId };
    const units = projectIds.map((projectId) => listUnit(run, reads, stream, { ...scope, projectId }));
    switch (stream.scope) {
      case "account":
        return [];
      case "project":
        return readingOf(run, reads, units);
      case "any_project":
        return units.length > 0 ? [() => readFirstThatAnswers(run, units)] : [];
      default:
        return readingOf(run, reads, [listUnit(run, reads, stream, { ...scope, projectId: null })]);
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
  if (failed) run.reader.note(failed.unit, failed.failure);
}
