import { describe, expect, it } from "vitest";
import { keepSchedule } from "../../src/schedule/scheduler.ts";
import { readSlots } from "../../src/schedule/slots.ts";
import { testEffects } from "../effects.ts";

interface World {
  from: string;
  until: string;
  cron?: string;
  timeZone?: string;
  jitterMs?: number;
  /** When runs began before the schedule was up. */
  runs?: readonly string[];
  /** What becomes of the clock at an instant, each once: it is set to another. */
  clockSet?: Readonly<Record<string, string>>;
  /** What a run ends with; the first of the list first, and 0 after it. */
  codes?: (number | null)[];
  /** Whether runs leave no trace in the log, as where the disk is full. */
  isForgetful?: boolean;
}

const runMs = 5 * 60_000;

/** Lives through a time in which sleeping costs none, and gives the instants at which runs began. */
async function livesThrough({
  from,
  until,
  cron = "30 2 * * *",
  timeZone = "UTC",
  jitterMs = 0,
  runs = [],
  clockSet = {},
  codes = [],
  isForgetful = false,
}: World): Promise<string[]> {
  let clock = Date.parse(from);
  const stop = new AbortController();
  const jumps = Object.entries(clockSet).map(([at, to]) => ({ at: Date.parse(at), to: Date.parse(to) }));
  const begun: string[] = [];
  const logged = runs.map((at) => new Date(at));
  const pass = (ms: number) => {
    const jump = jumps.find(({ at }) => clock < at && clock + ms >= at);
    if (jump) jumps.splice(jumps.indexOf(jump), 1);
    clock = jump ? jump.to : clock + ms;
    if (jumps.length === 0 && clock >= Date.parse(until)) stop.abort();
  };
  await keepSchedule({
    effects: { ...testEffects(), wallClock: () => new Date(clock) },
    slots: readSlots({ cron, timeZone }),
    jitterMs,
    random: () => 0.5,
    runsBegun: async () => logged,
    runOnce: async () => {
      const code = codes.length > 0 ? (codes.shift() ?? null) : 0;
      begun.push(new Date(clock).toISOString());
      if (code !== 75 && !isForgetful) logged.push(new Date(clock));
      pass(code === 75 ? 500 : runMs);
      return code;
    },
    sleep: async (ms) => pass(Math.max(ms, 1)),
    onIdle: async () => undefined,
    stop: stop.signal,
  });
  return begun;
}

const night = (instants: readonly string[]) => instants.map((at) => at.slice(0, 16));

describe("a schedule", () => {
  it("runs once each night", async () => {
    const begun = await livesThrough({
      from: "2026-11-01T12:00:00Z",
      until: "2026-11-05T12:00:00Z",
      runs: ["2026-11-01T02:30:01Z"],
    });
    expect(night(begun)).toEqual([
      "2026-11-02T02:30",
      "2026-11-03T02:30",
      "2026-11-04T02:30",
      "2026-11-05T02:30",
    ]);
  });

  it("catches up at the start what was missed, once, however many nights it was", async () => {
    const begun = await livesThrough({
      from: "2026-11-10T12:00:00Z",
      until: "2026-11-11T12:00:00Z",
      runs: ["2026-11-05T02:30:00Z"],
    });
    expect(night(begun)).toEqual(["2026-11-10T12:00", "2026-11-11T02:30"]);
  });

  it("runs at the start where nothing ever ran, and not where the night had its run", async () => {
    const span = { from: "2026-11-10T12:00:00Z", until: "2026-11-10T20:00:00Z" };
    expect(await livesThrough(span)).toHaveLength(1);
    expect(await livesThrough({ ...span, runs: ["2026-11-10T02:30:00Z"] })).toEqual([]);
    expect(await livesThrough({ ...span, runs: ["2026-11-10T02:29:59Z"] })).toHaveLength(1);
  });

  it("runs once after the machine slept through nights", async () => {
    const begun = await livesThrough({
      from: "2026-11-01T12:00:00Z",
      until: "2026-11-06T12:00:00Z",
      runs: ["2026-11-01T02:30:00Z"],
      clockSet: { "2026-11-02T01:00:00Z": "2026-11-05T09:00:00Z" },
    });
    expect(night(begun)).toEqual(["2026-11-05T09:00", "2026-11-06T02:30"]);
  });

  it("does not run again where the clock is set back over a run", async () => {
    const begun = await livesThrough({
      from: "2026-11-01T12:00:00Z",
      until: "2026-11-03T12:00:00Z",
      runs: ["2026-11-01T02:30:00Z"],
      clockSet: { "2026-11-02T03:00:00Z": "2026-11-02T01:45:00Z" },
    });
    expect(night(begun)).toEqual(["2026-11-02T02:30", "2026-11-03T02:30"]);
  });

  it("goes on each night after the clock was years wrong for a while", async () => {
    const begun = await livesThrough({
      from: "2026-11-01T12:00:00Z",
      until: "2026-11-04T12:00:00Z",
      runs: ["2026-11-01T02:30:00Z"],
      clockSet: {
        "2026-11-01T15:00:00Z": "2031-01-01T00:00:00Z",
        "2031-01-01T04:00:00Z": "2026-11-01T15:10:00Z",
      },
    });
    expect(night(begun).filter((at) => at < "2027")).toEqual([
      "2026-11-02T02:30",
      "2026-11-03T02:30",
      "2026-11-04T02:30",
    ]);
  });

  it("runs once in the night that the clocks change", async () => {
    for (const [from, until] of [
      ["2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z"],
      ["2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"],
    ] as const) {
      const begun = await livesThrough({ from, until, timeZone: "Europe/Berlin", runs: [from] });
      expect(begun).toHaveLength(1);
    }
  });

  it("tries a run that failed not before the next night, also where no log could be written", async () => {
    const span = {
      from: "2026-11-01T12:00:00Z",
      until: "2026-11-03T12:00:00Z",
      runs: ["2026-11-01T02:30:00Z"],
    };
    expect(await livesThrough({ ...span, codes: [1, null] })).toHaveLength(2);
    expect(await livesThrough({ ...span, isForgetful: true })).toHaveLength(2);
  });

  it("waits for another run that holds the workspace, a minute at a time", async () => {
    const begun = await livesThrough({
      from: "2026-11-01T12:00:00Z",
      until: "2026-11-02T12:00:00Z",
      runs: ["2026-11-01T02:30:00Z"],
      codes: [75, 75],
    });
    expect(night(begun)).toEqual(["2026-11-02T02:30", "2026-11-02T02:31", "2026-11-02T02:32"]);
  });

  it("spreads runs by the jitter, and catches up without", async () => {
    const begun = await livesThrough({
      from: "2026-11-01T12:00:00Z",
      until: "2026-11-03T12:00:00Z",
      jitterMs: 40 * 60_000,
    });
    expect(night(begun)).toEqual(["2026-11-01T12:00", "2026-11-02T02:50", "2026-11-03T02:50"]);
  });

  it("delays no run into the next one's time, however long the jitter", async () => {
    const begun = await livesThrough({
      from: "2026-11-01T00:20:00Z",
      until: "2026-11-01T03:45:00Z",
      cron: "0 * * * *",
      runs: ["2026-11-01T00:00:10Z"],
      jitterMs: 120 * 60_000,
    });
    expect(night(begun)).toEqual(["2026-11-01T01:30", "2026-11-01T02:30", "2026-11-01T03:30"]);
  });
});
