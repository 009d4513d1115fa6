import { ConfigError } from "./errors/config-error.ts";
import { createLog, type Log, type LogLevel } from "./log.ts";

/** What touches the world, passed in so that a test can pass its own and nothing is patched. */
export interface Effects {
  env: Readonly<Record<string, string | undefined>>;
  /** The folder that relative paths start from. */
  cwd: string;
  /** The run's clock: `TALLY_NOW` where it is set, else the machine's. All reckoning in days rests on it. */
  now(): Date;
  /** The machine's clock, for signatures and durations, whatever TALLY_NOW says. */
  wallClock(): Date;
  fetch: typeof fetch;
  /** Machine output. */
  stdout: NodeJS.WritableStream;
  /** Everything else. */
  stderr: NodeJS.WritableStream;
  log: Log;
}

/**
 * The effects of a real process.
 *
 * @throws ConfigError where TALLY_NOW is not an ISO instant
 */
export function processEffects(level: LogLevel = "normal"): Effects {
  const fixed = process.env.TALLY_NOW;
  return {
    env: process.env,
    cwd: process.cwd(),
    now: fixed ? fixedClock(fixed) : () => new Date(),
    wallClock: () => new Date(),
    fetch: globalThis.fetch,
    stdout: process.stdout,
    stderr: process.stderr,
    log: createLog(process.stderr, level),
  };
}

/**
 * A clock that stands at an ISO 8601 instant with a zone, such as `2026-11-03T06:00:00Z`.
 *
 * @throws ConfigError where the text is no such instant
 */
export function fixedClock(instant: string): () => Date {
  const time = Date.parse(instant);
  if (Number.isNaN(time) || !/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(instant)) {
    throw new ConfigError(`TALLY_NOW is not an ISO instant: ${JSON.stringify(instant)}.`, {
      hint: "Write it with its zone, such as TALLY_NOW=2026-11-03T06:00:00Z, or unset it.",
    });
  }
  return () => new Date(time);
}
