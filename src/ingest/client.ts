import pRetry from "p-retry";
import type { Config, Credentials } from "../config.ts";
import type { Effects } from "../effects.ts";
import { ApiError } from "../errors/api-error.ts";
import { type FailedRequest, failureSentence, redirectError, statusError } from "./api-failures.ts";
import { attemptDeadline } from "./attempt-deadline.ts";
import { BodyError } from "./body-error.ts";
import { networkFailure } from "./network-failure.ts";
import { type Pace, realPace, retryDelayMs } from "./retry.ts";
import { canonicalQuery, type Query, signedHeaders } from "./sign.ts";
import { createThrottle } from "./throttle.ts";

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

export interface Client {
  /**
   * Makes a signed GET, and again with backoff where it fails in a way that may pass; `read` is called anew
   * for each attempt that is answered with success.
   *
   * @throws ApiError where it failed for good
   */
  get<T>(request: ApiRequest, read: BodyReader<T>): Promise<T>;
  /** The length of the URL of a request, as it is sent. */
  urlLength(path: string, query: Query): number;
}

export interface ClientOptions {
  effects: Effects;
  api: Config["api"];
  credentials: Credentials;
  pace?: Pace | undefined;
}

const attemptsBeforeFirstAnswer = 4;

/** No answer has so many blanks in a row. */
const mostBlanks = 4 * 2 ** 20;

/** A client of the Crusoe API: signs, bounds what is in flight, and retries what may pass. */
export function createClient({ effects, api, credentials, pace = realPace }: ClientOptions): Client {
  const base = new URL(api.endpoint);
  // What Retry-After asks for holds for every request, so that one waiting does for all.
  const waits = new WeakMap<ApiError, Promise<void>>();
  const throttle = createThrottle(api.maxInFlight, (error) => {
    if (!(error instanceof ApiError) || !isPushedBack(error)) return undefined;
    if (error.retryAfterMs === undefined) return null;
    const slept = pace.sleep(retryDelayMs(1, error.retryAfterMs, pace.random));
    waits.set(error, slept);
    return slept;
  });
  let hasAnswered = false;
  // A local gateway may live at the instant that TALLY_NOW names, so its clock may be the one to sign by.
  let signingClock = effects.wallClock;
  let mayTryRunClock = Boolean(effects.env.TALLY_NOW);

  async function attempt<T>(request: ApiRequest, read: BodyReader<T>, isLast: boolean): Promise<T> {
    const path = base.pathname.replace(/\/$/, "") + request.path;
    const query = canonicalQuery(request.query);
    const at = signingClock();
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
        throw broken(error);
      }
      hasAnswered = true;
      const refusal = await refusalOf(response, request, failed);
      if (refusal) {
        // What is left of the body is of no use, and would hold its connection.
        await response.body?.cancel().catch(() => undefined);
        throw refusal;
      }
      mayTryRunClock = false;
      return await readBody(response, request, (body) => read(body, isLast), broken, deadline.progress);
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

  async function attemptByEitherClock<T>(
    request: ApiRequest,
    read: BodyReader<T>,
    isLast: boolean,
  ): Promise<T> {
    try {
      return await attempt(request, read, isLast);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401 || !mayTryRunClock) throw error;
      mayTryRunClock = false;
      signingClock = effects.now;
      try {
        return await attempt(request, read, isLast);
      } catch (second) {
        if (second instanceof ApiError && second.status === 401) {
          signingClock = effects.wallClock;
          throw error;
        }
        throw second;
      }
    }
  }

  const attemptsFor = (error: unknown) =>
    error instanceof ApiError && error.failure === "unreachable" && !hasAnswered
      ? Math.min(api.maxAttempts, attemptsBeforeFirstAnswer)
      : api.maxAttempts;
  const mayRetry = (error: unknown, attempts: number) =>
    error instanceof ApiError && error.isTransient && attempts < attemptsFor(error);

  return {
    get: (request, read) =>
      pRetry(
        (attempt) => throttle.run(() => attemptByEitherClock(request, read, attempt >= api.maxAttempts)),
        {
          retries: api.maxAttempts - 1,
          minTimeout: 0,
          shouldRetry: ({ error, attemptNumber }) => mayRetry(error, attemptNumber),
          // Waiting is done here and not in the throttle, so that a request that waits holds no place.
          onFailedAttempt: async ({ error, attemptNumber }) => {
            if (!mayRetry(error, attemptNumber) || !(error instanceof ApiError)) return;
            const next = `attempt ${attemptNumber + 1} of ${attemptsFor(error)}`;
            const slept = waits.get(error);
            if (slept) {
              effects.log.detail(`${error.message} Again when it says, ${next}.`);
              return slept;
            }
            const delayMs = retryDelayMs(attemptNumber, error.retryAfterMs, pace.random);
            effects.log.detail(`${error.message} Again in ${(delayMs / 1000).toFixed(1)} s, ${next}.`);
            await pace.sleep(delayMs);
          },
        },
      ),
    urlLength: (path, query) => `${api.endpoint}${path}?${canonicalQuery(query)}`.length,
  };
}

/** Whether the API says that there are too many requests, and not that this one is wrong. */
const isPushedBack = ({ status, retryAfterMs }: ApiError): boolean =>
  status === 429 || (status === 503 && retryAfterMs !== undefined);

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

async function readBody<T>(
  response: Response,
  request: ApiRequest,
  read: (body: AsyncIterable<Uint8Array>) => Promise<T>,
  broken: (error: unknown) => ApiError,
  progress: (bytes: number) => void,
): Promise<T> {
  async function* metered(): AsyncGenerator<Uint8Array> {
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
        if (bytes > request.maxBytes) {
          throw new BodyError(`it is larger than ${Math.floor(request.maxBytes / 2 ** 20)} MiB`);
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
  return read(metered());
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
