import pLimit from "p-limit";
import type { Effects } from "../effects.ts";
import { ApiError } from "../errors/api-error.ts";
import { LoadError } from "../errors/load-error.ts";
import { StorageError } from "../errors/storage-error.ts";
import { TallyError } from "../errors/tally-error.ts";
import type { Client } from "./client.ts";
import type { LandedFile, LandedRequest } from "./land.ts";
import { type LoadContext, loadUnit, recordRead } from "./load.ts";
import type { Query } from "./sign.ts";
import type { SummaryKeeper } from "./summary.ts";
import { type Unit, unitLabel } from "./units.ts";

export interface ReadContext extends LoadContext {
  effects: Effects;
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
const largestBody = { usage: 2 * 2 ** 30, inventory: 64 * 2 ** 20 };
const mostPages = 100_000;

/** Reads units side by side, as far as the client lets them, and loads them one at a time. */
export function createReader(context: ReadContext): Reader {
  const { effects, client, landing, summary, runId } = context;
  const loadOneByOne = pLimit(1);
  let loads = 0;

  async function landPages(unit: Unit, loadId: string): Promise<LandedFile[]> {
    const files: LandedFile[] = [];
    for (const [index, query] of unit.queries.entries()) {
      const seen = new Set<string>();
      let token: string | null = null;
      do {
        const request = landedRequest(unit, loadId, files.length + 1, withToken(query, token));
        const file: LandedFile = await client.get(
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
          (body) => landing.land(request, body),
        );
        files.push(file);
        token = file.nextPageToken;
        const isLast = token === null && index === unit.queries.length - 1;
        await landing.record(request, file, isLast);
        if (token !== null && (seen.has(token) || seen.size >= mostPages)) {
          throw new LoadError("its pages go round in a circle: a page token came twice");
        }
        if (token !== null) seen.add(token);
      } while (token !== null);
    }
    return files;
  }

  function landedRequest(unit: Unit, loadId: string, part: number, query: Query): LandedRequest {
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
      windowFrom: unit.usage?.window.from ?? null,
      windowTo: unit.usage?.window.to ?? null,
    };
  }

  const reader: Reader = {
    note({ stream, organizationId, projectId, usage }, { message, hint }) {
      const window = usage?.window ?? null;
      summary.fail({ stream: stream.name, organizationId, projectId, window, message, hint });
      effects.log.warn(message);
    },
    async readNoting(unit) {
      const failure = await reader.read(unit);
      if (failure) reader.note(unit, failure);
      return failure === null;
    },
    async read(unit) {
      const { stream } = unit;
      const loadId = `${runId}/${String(++loads).padStart(5, "0")}`;
      try {
        const files = await landPages(unit, loadId);
        const { counts, closed } = await loadOneByOne(() => loadUnit(context, unit, loadId, files));
        summary.add(stream.name, counts);
        for (const [name, gone] of closed) summary.of(name).gone += gone;
        effects.log.detail(`${unitLabel(unit)}: ${counts.rows} rows`);
        return null;
      } catch (error) {
        const failure = failureOf(unit, error);
        if (failure instanceof StorageError) throw failure;
        const isNotOffered = stream.isOptional && failure instanceof ApiError && failure.isNotOffered;
        const status = isNotOffered ? "not_offered" : "failed";
        await loadOneByOne(() =>
          recordRead(context, unit, loadId, { status, rows: null, message: failure.message }),
        );
        if (isNotOffered) summary.of(stream.name).isOffered = false;
        return isNotOffered ? null : failure;
      }
    },
  };
  return reader;
}

const withToken = (query: Query, token: string | null): Query =>
  token === null ? query : { ...query, next_token: token };

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
  const days = unit.usage ? ` for ${unit.usage.window.from} to ${unit.usage.window.to}` : "";
  const message = `GET ${unit.path}${days} can't be loaded: ${reason.replace(/\.$/, "")}.`;
  return new LoadError(message, {
    ...(error instanceof TallyError && error.hint !== undefined && { hint: error.hint }),
    cause: error,
  });
}
