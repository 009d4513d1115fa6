import type { Effects } from "../effects.ts";
import { ApiError } from "../errors/api-error.ts";
import { LoadError } from "../errors/load-error.ts";
import { StoppedError } from "../errors/stopped-error.ts";
import { StorageError } from "../errors/storage-error.ts";
import { TallyError } from "../errors/tally-error.ts";
import { createApart, type FailedPart, isRefusedTogether } from "./apart.ts";
import type { Outline } from "./body.ts";
import { BodyError } from "./body-error.ts";
import type { Client } from "./client.ts";
import type { LandedFile, LandedRequest, Landing } from "./land.ts";
import { createListForms } from "./list-form.ts";
import { type Load, messageOf } from "./load.ts";
import type { LoaderContext } from "./loader.ts";
import { createLoader } from "./loader.ts";
import { hasPages, type PagedRead, pagesOf, type SettledPages, settlePages } from "./pages.ts";
import type { Query } from "./sign.ts";
import type { Stream } from "./streams.ts";
import type { SummaryKeeper } from "./summary.ts";
import { type Unit, unitLabel, windowOf } from "./units.ts";

export interface ReadContext extends LoaderContext {
  effects: Effects;
  landing: Landing;
  client: Client;
  summary: SummaryKeeper;
}

export interface Reader {
  /**
   * Reads, lands and loads a unit, and records in raw.read_windows what became of it. It does not throw where
   * that failed, but gives what went wrong; null where all went well, or the account does not have it.
   *
   * @throws StorageError where nothing more can be kept
   * @throws StoppedError where the run is to end
   */
  read(unit: Unit): Promise<TallyError | null>;
  /** The same, but what failed in a way that may pass is not recorded: it is to be read again, or given up. */
  tryToRead(unit: Unit): Promise<TallyError | null>;
  /** Records and notes the failure of a unit that is not read again. */
  giveUp(unit: Unit, failure: TallyError): Promise<void>;
  /** Puts a unit's failure into the summary, and says it. */
  note(unit: Unit, failure: TallyError): void;
  /** Reads and notes; whether it succeeded. */
  readNoting(unit: Unit): Promise<boolean>;
}

/** Whether what failed may go well when it is read again in the same run. */
export const mayPass = (failure: TallyError): boolean =>
  failure instanceof ApiError && (failure.isTransient || failure.isDoubtful);

/** Usage of a month may be large and is streamed; the rest is looked through in memory. */
const largestBody = { usage: 2 * 2 ** 30, inventory: 64 * 2 ** 20, events: 64 * 2 ** 20 };
const mostPages = 100_000;

/** An answer of the wrong shape is asked for so often before it is taken as it is, and put aside. */
const mostShapes = 3;

/** A list whose pages lead back is begun anew so often. */
const mostLoops = 4;

class PageLoop extends LoadError {}

/** Reads units side by side, as far as the client lets them, and loads them in turn. */
export function createReader(context: ReadContext): Reader {
  const { effects, client, landing, summary, runId } = context;
  const loader = createLoader(context);
  const listForms = createListForms();
  const apart = createApart(readAsItIs);
  let loads = 0;

  async function landPages(unit: Unit, loadId: string): Promise<LandedFile[]> {
    const files: LandedFile[] = [];
    let part = 0;
    for (const query of unit.queries) {
      const answered = await listForms.ask(unit.stream.name, query, (formed) =>
        landPagesOf(unit, formed, () => landedRequest(unit, loadId, ++part, formed)),
      );
      files.push(...answered);
    }
    return files;
  }

  async function landPagesOf(
    unit: Unit,
    query: Query,
    nextRequest: () => LandedRequest,
  ): Promise<LandedFile[]> {
    const files: LandedFile[] = [];
    const seen = new Set<string>();
    let token: string | null = null;
    do {
      if (token !== null) seen.add(token);
      const request: LandedRequest = { ...nextRequest(), query: withToken(query, token) };
      const file: LandedFile = await landOne(unit, request, seen);
      files.push(file);
      context.onStep?.("landed");
      token = file.nextPageToken;
      if (token !== null && (seen.has(token) || seen.size >= mostPages)) {
        throw new PageLoop("its pages go round in a circle: a page token came twice");
      }
    } while (token !== null);
    return files;
  }

  /** What looked wrong and came again the same: that is how this server answers, and no fault. */
  const ways = new Set<string>();
  const haveUuids = new Set<string>();

  /**
   * Lands the answer to one request. One that looks wrong is asked for again: what is sure to be wrong a few
   * times, what is only odd once.
   */
  async function landOne(unit: Unit, request: LandedRequest, seen: ReadonlySet<string>): Promise<LandedFile> {
    const { stream } = unit;
    let wrong = 0;
    let odd = 0;
    const check = (outline: Outline, isLastAttempt: boolean) => {
      if (isLastAttempt) return;
      const mistake = mistakeOf(stream, outline, seen);
      if (mistake !== null && ++wrong < mostShapes) throw new BodyError(mistake);
      const oddity = oddityOf(stream, outline, haveUuids);
      if (oddity === null || ways.has(oddity.way)) return;
      if (++odd === 1) throw new BodyError(oddity.reason);
      ways.add(oddity.way);
    };
    const file = await client.get(
      {
        path: request.path,
        query: request.query,
        format: stream.format,
        maxBytes: largestBody[stream.history],
        onAttempt: () => {
          request.requestedAt = effects.now();
          summary.of(stream.name).requests++;
        },
      },
      (body, isLastAttempt) => landing.land(request, body, (outline) => check(outline, isLastAttempt)),
    );
    if (file.hasUuids) haveUuids.add(stream.name);
    await landing.record(request, file);
    return file;
  }

  function landedRequest(unit: Unit, loadId: string, part: number, query: Query): LandedRequest {
    const window = windowOf(unit);
    return {
      loadId,
      stream: unit.stream,
      label: unit.usage?.window.from.slice(0, 7) ?? unit.projectId ?? unit.organizationId ?? "",
      part,
      requestedAt: effects.now(),
      method: "GET",
      path: unit.path,
      query,
      organizationId: unit.organizationId,
      projectId: unit.projectId,
      windowFrom: window?.from ?? null,
      windowTo: window?.to ?? null,
    };
  }

  const nextLoadId = () => `${runId}/${String(++loads).padStart(5, "0")}`;

  /** Reads the unit until no doubt is left of what it holds, or it was read often enough to settle them. */
  async function readAndLoad(unit: Unit, firstLoadId: string): Promise<void> {
    const isUsage = unit.usage !== null;
    const oddWay = `odd ${unit.stream.name}`;
    let loadId = firstLoadId;
    let misreads = 0;
    let loops = 0;
    let oddReads = 0;
    const reads: PagedRead[] = [];
    for (; ; loadId = nextLoadId()) {
      let files: LandedFile[];
      try {
        files = await landPages(unit, loadId);
      } catch (error) {
        // The token that led back may have been a slip of one page.
        if (!(error instanceof PageLoop) || ++loops >= mostLoops) throw error;
        continue;
      }
      let chosen: SettledPages = { files, isWhole: true, isSettled: false };
      if (hasPages(files)) {
        reads.push(pagesOf(files));
        const settled = settlePages(reads);
        if (!settled) continue;
        chosen = settled;
      }
      const { loaded, error } = await loader.load({
        unit,
        loadId,
        files: chosen.files,
        settles: {
          rows: !isUsage || misreads >= mostShapes - 1,
          values: !isUsage || oddReads > 0 || ways.has(oddWay),
          pages: chosen.isSettled,
        },
        isWhole: chosen.isWhole && chosen.files.every((file) => !file.misshape),
        hasPages: hasPages(files),
        failure: null,
      });
      if (!loaded) throw error;
      if (loaded.doubt === "rows") misreads++;
      if (loaded.doubt === "values") oddReads++;
      if (loaded.doubt !== null) {
        effects.log.detail(`${unitLabel(unit)}: read again, since its ${loaded.doubt} leave doubts`);
        continue;
      }
      if (oddReads > 0 && loaded.isOdd) ways.add(oddWay);
      summary.add(unit.stream.name, loaded.counts, loaded.quarantined);
      for (const [name, gone] of loaded.closed ?? []) summary.of(name).gone += gone;
      effects.log.detail(`${unitLabel(unit)}: ${loaded.counts.rows} rows`);
      const message = messageOf(loaded);
      if (message !== null) reader.note(unit, partialError(unit, message), true);
      return;
    }
  }

  async function recordFailure(unit: Unit, loadId: string, failure: NonNullable<Load["failure"]>) {
    const { error } = await loader.load({
      unit,
      loadId,
      files: [],
      settles: { rows: true, values: true, pages: true },
      isWhole: false,
      hasPages: false,
      failure,
    });
    if (error !== undefined) throw failureOf(unit, error);
  }

  const reader = {
    note(unit: Unit, { message, hint }: TallyError, isPartial = false) {
      const { stream, organizationId, projectId } = unit;
      const window = windowOf(unit);
      summary.fail({ stream: stream.name, organizationId, projectId, window, message, hint, isPartial });
      effects.log.warn(message);
    },
    async readNoting(unit: Unit) {
      const failure = await reader.read(unit);
      if (failure) reader.note(unit, failure);
      return failure === null;
    },
    read: (unit: Unit) => read(unit, true),
    tryToRead: (unit: Unit) => read(unit, false),
    async giveUp(unit: Unit, failure: TallyError) {
      await recordFailure(unit, nextLoadId(), { status: "failed", message: failure.message });
      reader.note(unit, failure);
    },
  };

  async function read(unit: Unit, isLast: boolean): Promise<TallyError | null> {
    const { stream } = unit;
    const loadId = nextLoadId();
    try {
      await readAndLoad(unit, loadId);
      return null;
    } catch (error) {
      const failure = failureOf(unit, error);
      if (endsAll(failure)) throw failure;
      if (!isLast && mayPass(failure)) return failure;
      if (!isNotOfferedBy(stream, failure) && isRefusedTogether(unit, failure)) {
        const failed = await apart.read(unit, failure);
        if (failed) return settleApart(failed, isLast);
      }
      const isNotOffered = isNotOfferedBy(stream, failure);
      const status = isNotOffered ? "not_offered" : "failed";
      await recordFailure(unit, loadId, { status, message: failure.message });
      if (isNotOffered) summary.of(stream.name).notOffered++;
      return isNotOffered ? null : failure;
    }
  }

  /** Reads a unit without recording what went wrong. */
  async function readAsItIs(unit: Unit): Promise<TallyError | null> {
    try {
      await readAndLoad(unit, nextLoadId());
      return null;
    } catch (error) {
      const failure = failureOf(unit, error);
      if (endsAll(failure)) throw failure;
      return failure;
    }
  }

  /** Records and notes the parts that failed, unless one of them may go well when all is read again. */
  async function settleApart(failed: readonly FailedPart[], isLast: boolean): Promise<TallyError | null> {
    const passing = failed.find(({ failure }) => mayPass(failure));
    if (passing && !isLast) return passing.failure;
    for (const { unit, failure } of failed) await reader.giveUp(unit, failure);
    return null;
  }
  return reader;
}

const isNotOfferedBy = ({ notOfferedOn }: Stream, failure: TallyError): boolean =>
  failure instanceof ApiError &&
  failure.failure === "status" &&
  notOfferedOn.some((status) => status === failure.status);

/** What is sure to be wrong with an answer; null where nothing is. */
function mistakeOf(
  { rowsKey }: Stream,
  { misshape, oddRows, brokenRows, nextPageToken }: Outline,
  seen: ReadonlySet<string>,
): string | null {
  if (misshape) {
    return `its ${misshape.path === "$" ? "whole" : JSON.stringify(misshape.path)} ${misshape.reason}`;
  }
  if (oddRows + brokenRows > 0) return `its ${JSON.stringify(rowsKey)} are not all what they should be`;
  return nextPageToken !== null && seen.has(nextPageToken) ? "its next page is one that came before" : null;
}

/** What may be wrong with an answer, or be this server's way; null where nothing is. */
function oddityOf(
  { name, format }: Stream,
  { looksCut, unusualRows, hasUuids, ids }: Outline,
  haveUuids: ReadonlySet<string>,
): { way: string; reason: string } | null {
  if (looksCut) return { way: `cut ${format}`, reason: "it looks as if its rows were cut off" };
  if (unusualRows > 0 || (haveUuids.has(name) && !hasUuids && ids.length > 0)) {
    return { way: `unusual ${name}`, reason: "it has values that are odd" };
  }
  return null;
}

const withToken = (query: Query, token: string | null): Query =>
  token === null ? query : { ...query, next_token: token };

function partialError(unit: Unit, message: string): LoadError {
  return new LoadError(`GET ${unit.path}${daysOf(unit)} is loaded in part: ${message}.`, {
    hint: "raw.quarantine names what was put aside and in which landed file it is; the next run reads it again.",
  });
}

const daysOf = ({ usage }: Unit): string => (usage ? ` for ${usage.window.from} to ${usage.window.to}` : "");

/** DuckDB says what is wrong in its first line, and of a CSV file in one more. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [first = "", ...others] = error.message.split("\n");
  const detail = others.find((line) =>
    /^(Expected Number of Columns|Value with|Invalid unicode)/i.test(line),
  );
  const reason = first.replace(/^(Invalid Input|Conversion|Constraint) Error: /, "");
  return detail ? `${reason}, ${detail}` : reason;
}

/** Whether nothing more is to be read after it. */
const endsAll = (failure: TallyError): boolean =>
  failure instanceof StorageError || failure instanceof StoppedError;

/** What went wrong, as an error that names the request. */
function failureOf(unit: Unit, error: unknown): TallyError {
  if (error instanceof ApiError || (error instanceof TallyError && endsAll(error))) return error;
  const reason = reasonOf(error);
  if (/No space left on device|Read-only file system/i.test(reason)) {
    return new StorageError(`The warehouse can't be written: ${reason}.`, {
      hint: "Make room on its disk; what was read so far is kept.",
      cause: error,
    });
  }
  const message = `GET ${unit.path}${daysOf(unit)} can't be loaded: ${reason.replace(/\.$/, "")}.`;
  return new LoadError(message, {
    ...(error instanceof TallyError && error.hint !== undefined && { hint: error.hint }),
    cause: error,
  });
}
