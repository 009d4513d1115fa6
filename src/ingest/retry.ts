/** How waiting is done and dice are thrown, passed in so that a test need not wait. */
export interface Pace {
  sleep(ms: number): Promise<void>;
  /** From 0 up to 1, as Math.random. */
  random(): number;
}

export const realPace: Pace = {
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  random: Math.random,
};

const firstBackoffMs = 500;
const longestBackoffMs = 30_000;
const longestRetryAfterMs = 120_000;

/**
 * How long to wait before the next attempt: exponential backoff with full jitter, so that clients that failed
 * together do not come back together; where the server says when to come back, that, and a little jitter.
 */
export function retryDelayMs(
  failedAttempts: number,
  retryAfterMs: number | undefined,
  random: () => number,
): number {
  if (retryAfterMs !== undefined) {
    return Math.min(Math.max(retryAfterMs, 0), longestRetryAfterMs) + random() * firstBackoffMs;
  }
  return random() * Math.min(longestBackoffMs, firstBackoffMs * 2 ** (failedAttempts - 1));
}

/**
 * What a Retry-After header asks for, in either of its forms; undefined where it asks for nothing that can be
 * read. A date is held against the server's own clock where the answer shows it.
 */
export function retryAfterMs(
  header: string | null,
  serverDate: string | null,
  now: Date,
): number | undefined {
  const text = header?.trim();
  if (!text) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  if (Number.isNaN(at)) return undefined;
  const serverNow = Date.parse(serverDate ?? "");
  return Math.max(0, at - (Number.isNaN(serverNow) ? now.getTime() : serverNow));
}
