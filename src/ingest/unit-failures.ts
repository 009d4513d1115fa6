import { ApiError } from "../errors/api-error.ts";
import { LoadError } from "../errors/load-error.ts";
import { StoppedError } from "../errors/stopped-error.ts";
import { StorageError } from "../errors/storage-error.ts";
import { TallyError } from "../errors/tally-error.ts";
import { PageLoop } from "./land-pages.ts";
import type { Stream } from "./streams.ts";
import type { Unit } from "./units.ts";

/** Whether what failed may go well when it is read again in the same run. */
export const mayPass = (failure: TallyError): boolean =>
  (failure instanceof ApiError && (failure.isTransient || failure.isDoubtful)) ||
  (failure.cause instanceof PageLoop && failure.cause.isCutShort);

/** Whether nothing more is to be read after it. */
export const endsAll = (failure: TallyError): boolean =>
  failure instanceof StorageError || failure instanceof StoppedError;

/** Whether a refusal means that the account does not have the stream. */
export const isNotOfferedBy = ({ notOfferedOn }: Stream, failure: TallyError): boolean =>
  failure instanceof ApiError &&
  failure.failure === "status" &&
  notOfferedOn.some((status) => status === failure.status);

/** What went wrong with a unit, as an error that names its request. */
export function failureOf(unit: Unit, error: unknown): TallyError {
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

/** Says what of a unit was put aside, though the rest is loaded. */
export function partialError(unit: Unit, message: string): LoadError {
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
