import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { readSlots } from "../../src/schedule/slots.ts";

/** The next so many slots after an instant, as ISO instants. */
function nextSlots(cron: string, timeZone: string, after: string, count: number): string[] {
  const slots = readSlots({ cron, timeZone });
  const found: string[] = [];
  let at = new Date(after);
  for (let i = 0; i < count; i++) {
    const next = slots.after(at);
    if (!next) break;
    found.push(next.toISOString());
    at = next;
  }
  return found;
}

describe("a night's run is due", () => {
  it("when the clocks skip it, where they are set forward over it", () => {
    expect(nextSlots("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 3)).toEqual([
      "2026-03-28T01:30:00.000Z",
      "2026-03-29T01:00:00.000Z",
      "2026-03-30T00:30:00.000Z",
    ]);
  });

  it("the first time only, where the clocks are set back and it comes twice", () => {
    expect(nextSlots("30 2 * * *", "Europe/Berlin", "2026-10-24T00:00:00Z", 3)).toEqual([
      "2026-10-24T00:30:00.000Z",
      "2026-10-25T00:30:00.000Z",
      "2026-10-26T01:30:00.000Z",
    ]);
    expect(nextSlots("30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", 2)).toEqual([
      "2026-11-01T05:30:00.000Z",
      "2026-11-02T06:30:00.000Z",
    ]);
  });

  it("by half hours too, and in zones that change at midnight", () => {
    expect(nextSlots("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", 2)).toEqual([
      "2026-04-04T14:45:00.000Z",
      "2026-04-05T15:15:00.000Z",
    ]);
    expect(nextSlots("15 0 * * *", "Africa/Cairo", "2026-04-23T12:00:00Z", 2)).toEqual([
      "2026-04-23T22:00:00.000Z",
      "2026-04-24T21:15:00.000Z",
    ]);
  });

  it("never on a day that the zone left out", () => {
    expect(nextSlots("30 2 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", 3)).toEqual([
      "2011-12-29T12:30:00.000Z",
      "2011-12-30T12:30:00.000Z",
      "2011-12-31T12:30:00.000Z",
    ]);
  });

  it("on the days that the expression names, years ahead too", () => {
    expect(nextSlots("0 6 * * 1-5", "UTC", "2026-11-06T06:00:00Z", 2)).toEqual([
      "2026-11-09T06:00:00.000Z",
      "2026-11-10T06:00:00.000Z",
    ]);
    expect(nextSlots("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", 1)).toEqual(["2104-02-29T00:00:00.000Z"]);
    expect(nextSlots("*/20 3 * * *", "UTC", "2026-11-06T03:10:00Z", 3)).toEqual([
      "2026-11-06T03:20:00.000Z",
      "2026-11-06T03:40:00.000Z",
      "2026-11-07T03:00:00.000Z",
    ]);
  });
});

test.each([
  ["30 2 * *", "UTC", "it has 4 fields, not five"],
  ["0 30 2 * * *", "UTC", "it has 6 fields, not five"],
  ["30 24 * * *", "UTC", "hour"],
  ["nightly", "UTC", "it has 1 fields, not five"],
  ["30 2 * * *", "Europe/Atlantis", 'no zone "Europe/Atlantis"'],
])("the schedule %j in %j is refused with its reason", (cron, timeZone, reason) => {
  expect(() => readSlots({ cron, timeZone })).toThrow(reason);
});

const zones = [
  "UTC",
  "Europe/Berlin",
  "Europe/Dublin",
  "America/New_York",
  "America/St_Johns",
  "America/Sao_Paulo",
  "America/Santiago",
  "America/Havana",
  "Africa/Casablanca",
  "Africa/Cairo",
  "Asia/Tehran",
  "Asia/Kathmandu",
  "Asia/Gaza",
  "Australia/Lord_Howe",
  "Pacific/Chatham",
  "Pacific/Kiritimati",
  "Antarctica/Troll",
];

test("in any zone and year each night has one slot, at its time by the wall clock or when that is skipped", () => {
  const minute = 60_000;
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: 2012, max: 2037 }),
      fc.integer({ min: 0, max: 23 }),
      fc.constantFrom(0, 15, 30, 59),
      (zone, year, hour, atMinute) => {
        const format = new Intl.DateTimeFormat("sv-SE", {
          timeZone: zone,
          dateStyle: "short",
          timeStyle: "short",
        });
        const wall = (at: number) => format.format(at);
        const slots = readSlots({ cron: `${atMinute} ${hour} * * *`, timeZone: zone });
        const time = `${String(hour).padStart(2, "0")}:${String(atMinute).padStart(2, "0")}`;
        const dates: string[] = [];
        let at = new Date(Date.UTC(year, 0, 10));
        const end = Date.UTC(year, 11, 20);
        while (at.getTime() < end) {
          const next = slots.after(at);
          if (!next) throw new Error("There is no next slot.");
          expect(slots.upTo(next)).toEqual(next);
          expect(slots.upTo(new Date(next.getTime() - 1))?.getTime()).toBeLessThan(next.getTime());
          const [date = "", shown = ""] = wall(next.getTime()).split(" ");
          if (shown === time) {
            // Not the second time that the clock shows it.
            for (const back of [30, 60, 120]) {
              expect(wall(next.getTime() - back * minute)).not.toBe(`${date} ${time}`);
            }
          } else {
            // The clock leaps over it in this very minute.
            expect(wall(next.getTime() - minute) < `${date} ${time}`).toBe(true);
            expect(wall(next.getTime()) > `${date} ${time}`).toBe(true);
          }
          dates.push(date);
          at = next;
        }
        expect(new Set(dates).size).toBe(dates.length);
        const first = Date.parse(dates[0] ?? "");
        const last = Date.parse(dates.at(-1) ?? "");
        expect(dates.length).toBe((last - first) / 86_400_000 + 1);
      },
    ),
    { numRuns: 25 },
  );
}, 60_000);
