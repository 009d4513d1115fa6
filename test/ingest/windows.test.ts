import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addDays, monthWindows, refreshFrom, usageRange } from "../../src/ingest/windows.ts";

const millisecondsADay = 86_400_000;
const dayNumber = (day: string) => Date.parse(`${day}T00:00:00Z`) / millisecondsADay;
const days = fc
  .integer({ min: dayNumber("1999-01-01"), max: dayNumber("2101-12-31") })
  .map((number) => new Date(number * millisecondsADay).toISOString().slice(0, 10));

describe("windows", () => {
  test("are the calendar's months, newest first, cut at both ends", () => {
    expect(monthWindows({ from: "2023-12-15", to: "2024-03-01" })).toEqual([
      { from: "2024-03-01", to: "2024-03-01" },
      { from: "2024-02-01", to: "2024-02-29" },
      { from: "2024-01-01", to: "2024-01-31" },
      { from: "2023-12-15", to: "2023-12-31" },
    ]);
    expect(monthWindows({ from: "2024-01-02", to: "2024-01-01" })).toEqual([]);
  });

  test("have no overlap and no hole, whatever the span, and none crosses a month", () => {
    fc.assert(
      fc.property(days, fc.integer({ min: 0, max: 2_000 }), (from, length) => {
        const to = addDays(from, length);
        const windows = monthWindows({ from, to });
        expect(windows[0]?.to).toBe(to);
        expect(windows.at(-1)?.from).toBe(from);
        for (const [index, window] of windows.entries()) {
          expect(window.from.slice(0, 7)).toBe(window.to.slice(0, 7));
          expect(window.from <= window.to).toBe(true);
          const older = windows[index + 1];
          if (older) expect(dayNumber(window.from) - dayNumber(older.to)).toBe(1);
        }
      }),
    );
  });

  test("reach to what is on offer or to today, and not into the far future", () => {
    const start = "2026-01-01";
    expect(usageRange({ start, end: "2026-11-05" }, "2026-11-10")).toEqual({ from: start, to: "2026-11-10" });
    expect(usageRange({ start, end: "2026-11-12" }, "2026-11-10")).toEqual({ from: start, to: "2026-11-12" });
    expect(usageRange({ start, end: "9999-12-31" }, "2026-11-10")).toEqual({ from: start, to: "2026-12-11" });
    expect(usageRange({ start, end: null }, "2026-11-10")).toEqual({ from: start, to: "2026-11-10" });
  });
});

describe("what is read anew each time", () => {
  test("is the lookback, and in the first three days of a month the whole month before", () => {
    expect(refreshFrom("2024-03-04", 7)).toBe("2024-02-26");
    expect(refreshFrom("2024-03-03", 7)).toBe("2024-02-01");
    expect(refreshFrom("2024-01-01", 7)).toBe("2023-12-01");
    expect(refreshFrom("2024-01-02", 60)).toBe("2023-11-03");
    expect(refreshFrom("2024-03-10", 0)).toBe("2024-03-10");
  });

  test("never leaves out the lookback, for any day and any lookback", () => {
    fc.assert(
      fc.property(days, fc.integer({ min: 0, max: 400 }), (today, lookback) => {
        const from = refreshFrom(today, lookback);
        expect(dayNumber(today) - dayNumber(from)).toBeGreaterThanOrEqual(lookback);
        expect(dayNumber(today) - dayNumber(from)).toBeLessThanOrEqual(Math.max(lookback, 33));
      }),
    );
  });

  test("adds days across leap days and the ends of years", () => {
    expect(addDays("2024-02-28", 1)).toBe("2024-02-29");
    expect(addDays("2100-02-28", 1)).toBe("2100-03-01");
    expect(addDays("2023-12-31", 1)).toBe("2024-01-01");
    fc.assert(
      fc.property(days, fc.integer({ min: -800, max: 800 }), (day, count) => {
        expect(dayNumber(addDays(day, count)) - dayNumber(day)).toBe(count);
      }),
    );
  });
});
