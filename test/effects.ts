import { PassThrough } from "node:stream";
import { type Effects, fixedClock } from "../src/effects.ts";
import { createLog } from "../src/log.ts";

/** Effects of a test's own: a clock that stands, an empty environment, and output that can be read. */
export function testEffects(
  options: { now?: string; env?: Record<string, string>; cwd?: string } = {},
): Effects & { said: () => string; printed: () => string } {
  const stderr = new PassThrough();
  const stdout = new PassThrough();
  let said = "";
  let printed = "";
  stderr.on("data", (chunk) => {
    said += String(chunk);
  });
  stdout.on("data", (chunk) => {
    printed += String(chunk);
  });
  return {
    env: { HOME: "/nowhere", ...options.env },
    cwd: options.cwd ?? process.cwd(),
    now: fixedClock(options.now ?? "2026-11-03T06:00:00Z"),
    wallClock: () => new Date(),
    fetch: globalThis.fetch,
    stdout,
    stderr,
    log: createLog(stderr, "verbose"),
    said: () => said,
    printed: () => printed,
  };
}
