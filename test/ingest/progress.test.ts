import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { progressText, showProgress } from "../../src/ingest/progress.ts";
import { createLog, type LogLevel } from "../../src/log.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function output(isTerminal: boolean, level: LogLevel = "normal", columns = 120) {
  const stderr = Object.assign(new PassThrough(), isTerminal ? { isTTY: true, columns } : {});
  let said = "";
  stderr.on("data", (chunk) => {
    said += String(chunk);
  });
  return { effects: { stderr, env: {}, log: createLog(stderr, level) }, said: () => said };
}

const progress = { streams: 12, planned: 120, finished: 30, rows: 1_204_000 };

describe("progress", () => {
  test("says streams, reads, rows, rate and the time that is left", () => {
    expect(progressText(progress, 20_000)).toBe(
      "12 streams, 30 of 120 reads, 1,204,000 rows, 60,200 rows/s, 1 min 0 s left",
    );
    expect(progressText({ streams: 1, planned: 0, finished: 0, rows: 1 }, 0)).toBe(
      "1 stream, 0 of 0 reads, 1 row, 1,000 rows/s",
    );
    expect(progressText({ ...progress, planned: 30 * 500 }, 20_000)).toMatch(/, 2 h 46 min left$/);
  });

  test("is one line on a terminal, redrawn, cut to its width and gone at the end", async () => {
    const { effects, said } = output(true, "normal", 40);
    const line = showProgress(
      effects,
      () => progress,
      () => 20_000,
    );
    await vi.advanceTimersByTimeAsync(1_000);
    line.log.info("usage: 3 rows");
    line.stop();
    await vi.advanceTimersByTimeAsync(1_000);
    const shown = "12 streams, 30 of 120 reads, 1,204,000 ";
    expect(said()).toBe(`${`\r\u001b[K${shown}`.repeat(5)}\r\u001b[Kusage: 3 rows\n\r\u001b[K`);
  });

  test("is cut to a usual width on a terminal that does not know its own", async () => {
    const { effects, said } = output(true, "normal", 0);
    const line = showProgress(
      effects,
      () => progress,
      () => 20_000,
    );
    await vi.advanceTimersByTimeAsync(200);
    line.stop();
    expect(said()).toContain(progressText(progress, 20_000).slice(0, 79));
  });

  test("is a plain line each minute where there is no terminal", async () => {
    const { effects, said } = output(false);
    const line = showProgress(
      effects,
      () => progress,
      () => 20_000,
    );
    await vi.advanceTimersByTimeAsync(59_000);
    expect(said()).toBe("");
    await vi.advanceTimersByTimeAsync(61_000);
    line.stop();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(said()).toBe(`${progressText(progress, 20_000)}\n`.repeat(2));
  });

  test("is nothing with --quiet, on a terminal or not", async () => {
    for (const isTerminal of [true, false]) {
      const { effects, said } = output(isTerminal, "quiet");
      const line = showProgress(effects, () => progress);
      await vi.advanceTimersByTimeAsync(120_000);
      line.stop();
      expect(said()).toBe("");
    }
  });
});
