import pRetry from "p-retry";
import type { Config } from "../config.ts";
import type { Credentials } from "../credentials.ts";
import type { Effects } from "../effects.ts";
import { ApiError } from "../errors/api-error.ts";
import { type ApiRequest, type BodyReader, makeAttempt } from "./attempt.ts";
import type { Share } from "./places.ts";
import { type Pace, realPace, retryDelayMs } from "./retry.ts";
import { canonicalQuery, type Query } from "./sign.ts";
import { createThrottle } from "./throttle.ts";

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
  /** Where the places that its requests take are shared with other clients: its share of them. */
  share?: Pick<Share, "run"> | undefined;
}

const attemptsBeforeFirstAnswer = 4;

/** What no server should answer at all is asked for so often before it is believed. */
const attemptsOfDoubtful = 3;

/** A client of the Crusoe API: signs, bounds what is in flight, and retries what may pass. */
export function createClient({ effects, api, credentials, pace = realPace, share }: ClientOptions): Client {
  const inPlace: Share["run"] = share?.run ?? ((work) => work());
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
    return makeAttempt({ effects, api, credentials }, request, read, {
      at: signingClock(),
      isLast,
      onAnswer(isOk) {
        hasAnswered = true;
        if (isOk) mayTryRunClock = false;
      },
    });
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

  const attemptsFor = ({ failure }: ApiError) =>
    failure === "unreachable" && !hasAnswered
      ? Math.min(api.maxAttempts, attemptsBeforeFirstAnswer)
      : api.maxAttempts;

  return {
    get: async (request, read) => {
      let doubtful = 0;
      const mayRetry = (error: unknown, attempts: number): error is ApiError =>
        error instanceof ApiError &&
        attempts < attemptsFor(error) &&
        (error.isTransient || (error.isDoubtful && doubtful < attemptsOfDoubtful));
      return pRetry(
        (attempt) =>
          // What one server pushes back slows its own requests, and a request that waits for that has no place yet.
          throttle.run(() => inPlace(() => attemptByEitherClock(request, read, attempt >= api.maxAttempts))),
        {
          retries: api.maxAttempts - 1,
          minTimeout: 0,
          shouldRetry: ({ error, attemptNumber }) => mayRetry(error, attemptNumber),
          // Waiting is done here and not in the throttle, so that a request that waits holds no place.
          onFailedAttempt: async ({ error, attemptNumber }) => {
            if (error instanceof ApiError && error.isDoubtful) doubtful++;
            if (!mayRetry(error, attemptNumber)) return;
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
      );
    },
    urlLength: (path, query) => `${api.endpoint}${path}?${canonicalQuery(query)}`.length,
  };
}

/** Whether the API says that there are too many requests, and not that this one is wrong. */
const isPushedBack = ({ status, retryAfterMs }: ApiError): boolean =>
  status === 429 || (status === 503 && retryAfterMs !== undefined);
