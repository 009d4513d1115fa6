import type { Config } from "../config.ts";
import type { Credentials } from "../credentials.ts";
import type { Effects } from "../effects.ts";
import { ApiError } from "../errors/api-error.ts";
import { StoppedError } from "../errors/stopped-error.ts";
import { type FailedRequest, failureSentence, redirectError, statusError } from "./api-failures.ts";
import { attemptDeadline } from "./attempt-deadline.ts";
import { BodyError } from "./body-error.ts";
import { networkFailure } from "./network-failure.ts";
import { canonicalQuery, type Query, signedHeaders } from "./sign.ts";

export interface ApiRequest {
  /** After the endpoint, such as `/organizations/entities`; its variable parts escaped. */
  path: string;
  query: Query;
  format: "json" | "csv";
  /** A body larger than this, unpacked, is refused. */
  maxBytes: number;
  /** Called as each attempt goes out. */
  onAttempt?: () => void;
}

/**
 * Reads a body to its end, and throws a BodyError where it is not what was asked for. After the last attempt it
 * is not asked for again.
 */
export type BodyReader<T> = (body: AsyncIterable<Uint8Array>, isLastAttempt: boolean) => Promise<T>;

export interface AttemptContext {
  effects: Pick<Effects, "fetch">;
  api: Config["api"];
  credentials: Credentials;
}

/** What one attempt goes by. */
export interface Attempt {
  /** The instant to sign for. */
  at: Date;
  isLast: boolean;
  /** Called once the API answers, with whether it does so without a refusal. */
  onAnswer: (isOk: boolean) => void;
}

/**
 * Makes one signed GET, within its time and size, and reads its body.
 *
 * @throws ApiError where it failed
 */
export async function makeAttempt<T>(
  { effects, api, credentials }: AttemptContext,
  request: ApiRequest,
  read: BodyReader<T>,
  { at, isLast, onAnswer }: Attempt,
): Promise<T> {
  const base = new URL(api.endpoint);
  const path = base.pathname.replace(/\/$/, "") + request.path;
  const query = canonicalQuery(request.query);
  const headers = signedHeaders({ method: "GET", path, query, at }, credentials);
  const redact = redactor(credentials, headers.Authorization ?? "");
  const failed: FailedRequest = { method: "GET", path, host: base.host, at, redact };
  const deadline = attemptDeadline(api.timeoutMs);
  const broken = (error: unknown) =>
    deadline.signal.aborted
      ? new ApiError(
          failureSentence(failed, `gave no whole answer within ${api.timeoutMs / 1000} s`),
          { ...failed, failure: "timeout" },
          { hint: "Raise timeout_seconds under [api] in tally.toml if the network is slow.", cause: error },
        )
      : brokenError(failed, error);
  try {
    request.onAttempt?.();
    let response: Response;
    try {
      response = await effects.fetch(`${base.origin}${path}${query && `?${query}`}`, {
        method: "GET",
        headers: {
          Accept: request.format === "json" ? "application/json" : "text/csv",
          ...headers,
        },
        redirect: "manual",
        signal: deadline.signal,
      });
    } catch (error) {
      throw error instanceof StoppedError ? error : broken(error);
    }
    onAnswer(response.ok);
    const refusal = await refusalOf(response, request, failed);
    if (refusal) {
      // What is left of the body is of no use, and would hold its connection.
      await response.body?.cancel().catch(() => undefined);
      throw refusal;
    }
    return await read(boundedBody(response, request.maxBytes, broken, deadline.progress), isLast);
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    throw new ApiError(
      failureSentence(failed, `answered with a body that can't be used: ${error.message}`),
      { ...failed, failure: "body" },
      { cause: error },
    );
  } finally {
    deadline.clear();
  }
}

async function refusalOf(
  response: Response,
  request: ApiRequest,
  failed: FailedRequest,
): Promise<ApiError | BodyError | null> {
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    return redirectError(failed, response);
  }
  if (!response.ok) return statusError(failed, response);
  const type = response.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const isWrong =
    request.format === "json" ? /html|csv|xml$/.test(type) : /html|json|xml$/.test(type) && type !== "";
  return isWrong ? new BodyError(`its type is ${failed.redact(type)}, not ${request.format}`) : null;
}

/** No answer has so many blanks in a row. */
const mostBlanks = 4 * 2 ** 20;

/** The body as it comes, as long as it is no larger than allowed and does not go on in blanks. */
async function* boundedBody(
  response: Response,
  maxBytes: number,
  broken: (error: unknown) => ApiError,
  progress: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  let blanks = 0;
  const chunks = (response.body ?? []) as AsyncIterable<Uint8Array>;
  const iterator = chunks[Symbol.asyncIterator]?.();
  if (!iterator) return;
  try {
    while (true) {
      // Only what the network throws is the network's failure; what the reader throws is its own.
      const next = await iterator.next().catch((error: unknown) => Promise.reject(broken(error)));
      if (next.done) return;
      bytes += next.value.byteLength;
      if (bytes > maxBytes) {
        throw new BodyError(`it is larger than ${Math.floor(maxBytes / 2 ** 20)} MiB`);
      }
      blanks = next.value.every((byte) => byte <= 0x20) ? blanks + next.value.byteLength : 0;
      if (blanks > mostBlanks) throw new BodyError("it goes on in blanks without end");
      progress(next.value.byteLength);
      yield next.value;
    }
  } finally {
    await iterator.return?.().catch(() => undefined);
  }
}

function brokenError(failed: FailedRequest, error: unknown): ApiError {
  const { failure, reason } = networkFailure(error);
  const request = `${failed.method} ${failed.path}`;
  switch (failure) {
    case "unreachable":
      return new ApiError(
        `${failed.host} can't be reached: ${reason} (${request}).`,
        { ...failed, failure },
        { hint: "See that CRUSOE_API_ENDPOINT is right, and that this machine may reach it.", cause: error },
      );
    case "certificate":
      return new ApiError(
        `${failed.host} is not trusted: ${reason} (${request}).`,
        { ...failed, failure },
        {
          hint: "Name a private authority's certificate in NODE_EXTRA_CA_CERTS, and see that the endpoint is right.",
          cause: error,
        },
      );
    default:
      return new ApiError(`${request} failed: ${reason}.`, { ...failed, failure }, { cause: error });
  }
}

/** Strikes out what is secret from a text that came from outside, and may echo it. */
function redactor({ accessKeyId, secretKey }: Credentials, authorization: string): (text: string) => string {
  const secrets = [authorization, authorization.split(":").at(-1) ?? "", secretKey, accessKeyId];
  return (text) => secrets.reduce((kept, secret) => kept.replaceAll(secret || "\0", "[credential]"), text);
}
