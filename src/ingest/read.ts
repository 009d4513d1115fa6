import type { Effects } from "../effects.ts";
import { ApiError } from "../errors/api-error.ts";
import { LoadError } from "../errors/load-error.ts";
import { StorageError } from "../errors/storage-error.ts";
import { TallyError } from "../errors/tally-error.ts";
import { BodyError } from "./body-error.ts";
import type { Client } from "./client.ts";
import type { LandedFile, LandedRequest, Landing } from "./land.ts";
import { createListForms } from "./list-form.ts";
import { type Load, messageOf } from "./load.ts";
import type { LoaderContext } from "./loader.ts";
import { createLoader } from "./loader.ts";
import { hasPages, type PagedRead, pagesOf, type SettledPages, settlePages } from "./pages.ts";
import type { Query } from "./sign.ts";
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
   */
  read(unit: Unit): Promise<TallyError | null>;
  /** Puts a unit's failure into the summary, and says it. */
  note(unit: Unit, failure: TallyError): void;
  /** Both; whether it succeeded. */
  readNoting(unit: Unit): Promise<boolean>;
}

/** Usage of a month may be large and is streamed; the rest is looked through in memory. */
const largestBody = { usage: 2 * 2 ** 30, inventory: 64 * 2 ** 20, events: 64 * 2 ** 20 };
const mostPages = 100_000;

/** An answer of the wrong shape is asked for so often before it is taken as it is, and put aside. */
const mostShapes = 3;

class PageLoop extends LoadError {}

/** Reads units side by side, as far as the client lets them, and loads them in turn. */
export function createReader(context: ReadContext): Reader {
  const { effects, client, landing, summary, runId } = context;
  const loader = createLoader(context);
  const listForms = createListForms();
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
      const request: LandedRequest = { ...nextRequest(), query: withToken(query, token) };
      const file: LandedFile = await landOne(unit, request);
      files.push(file);
      context.onStep?.("landed");
      token = file.nextPageToken;
      if (token !== null && (seen.has(token) || seen.size >= mostPages)) {
        throw new PageLoop("its pages go round in a circle: a page token came twice");
      }
      if (token !== null) seen.add(token);
    } while (token !== null);
    return files;
  }

  /** What looked wrong and came again the same: that is how this server answers, and no fault. */
  const ways = new Set<string>();

  async function landOne(unit: Unit, request: LandedRequest): Promise<LandedFile> {
    let shapes = 0;
    let cuts = 0;
    const file = await client.get(
      {
        path: request.path,
        query: request.query,
        format: unit.stream.format,
        maxBytes: largestBody[unit.stream.history],
        onAttempt: () => {
          request.requestedAt = effects.now();
          summary.of(unit.stream.name).requests++;
        },
      },
      (body, isLastAttempt) =>
        landing.land(request, body, ({ misshape, oddRows, looksCut }) => {
          const way = `cut ${unit.stream.format}`;
          if (looksCut && !ways.has(way) && !isLastAttempt) {
            if (++cuts === 1) throw new BodyError("it looks as if its rows were cut off");
            ways.add(way);
          }
          if (!misshape && oddRows === 0) return;
          if (isLastAttempt || ++shapes >= mostShapes) return;
          const { path, reason } = misshape ?? { path: unit.stream.rowsKey, reason: "are not all objects" };
          throw new BodyError(`its ${path === "$" ? "whole" : JSON.stringify(path)} ${reason}`);
        }),
    );
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
    // The API gives an operation once, so a second answer would say less than the first.
    const isOnce = unit.stream.history === "events";
    const oddWay = `odd ${unit.stream.name}`;
    let loadId = firstLoadId;
    let misreads = 0;
    let oddReads = 0;
    let loops = 0;
    const reads: PagedRead[] = [];
    for (; ; loadId = nextLoadId()) {
      let files: LandedFile[];
      try {
        files = await landPages(unit, loadId);
      } catch (error) {
        if (!(error instanceof PageLoop) || ++loops >= mostShapes) throw error;
        continue;
      }
      let chosen: SettledPages = { files, isWhole: true, isSettled: isOnce };
      if (hasPages(files) && !isOnce) {
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
          rows: isOnce || misreads >= mostShapes - 1,
          values: isOnce || oddReads > 0 || ways.has(oddWay),
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
    async read(unit: Unit) {
      const { stream } = unit;
      const loadId = nextLoadId();
      try {
        await readAndLoad(unit, loadId);
        return null;
      } catch (error) {
        const failure = failureOf(unit, error);
        if (failure instanceof StorageError) throw failure;
        const isNotOffered =
          failure instanceof ApiError &&
          failure.failure === "status" &&
          stream.notOfferedOn.some((status) => status === failure.status);
        const status = isNotOffered ? "not_offered" : "failed";
        await recordFailure(unit, loadId, { status, message: failure.message });
        if (isNotOffered) summary.of(stream.name).notOffered++;
        return isNotOffered ? null : failure;
      }
    },
  };
  return reader;
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

/** What went wrong, as an error that names the request. */
function failureOf(unit: Unit, error: unknown): TallyError {
  if (error instanceof ApiError || error instanceof StorageError) return error;
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
