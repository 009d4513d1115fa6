import { describe, expect, it } from "vitest";
import { chooseMonth, periodOf } from "../../src/reports/month.ts";

const now = new Date("2026-11-03T06:00:00Z");
const months = (...names: string[]) => names.map((month) => ({ month, last_usage_date: `${month}-02` }));

describe("the month of a report", () => {
  it("is the last complete one, though the running one has data", () => {
    expect(chooseMonth(months("2026-09", "2026-10", "2026-11"), now, undefined).key).toBe("2026-10");
  });

  it("is the last complete one that has data", () => {
    expect(chooseMonth(months("2026-06", "2026-07"), now, undefined).key).toBe("2026-07");
  });

  it("is the running one where nothing else has data, and says so", () => {
    expect(chooseMonth(months("2026-11"), now, undefined)).toMatchObject({
      key: "2026-11",
      isRunning: true,
    });
  });

  it("is the last complete one where nothing has data", () => {
    expect(chooseMonth([], now, undefined)).toMatchObject({ key: "2026-10", isRunning: false });
  });

  it("is the UTC month, also in the first and last hour of a year", () => {
    const known = months("2026-11", "2026-12", "2027-01");
    expect(chooseMonth(known, new Date("2026-12-31T23:59:59Z"), undefined).key).toBe("2026-11");
    expect(chooseMonth(known, new Date("2027-01-01T00:00:00Z"), undefined).key).toBe("2026-12");
  });

  it("is the named one", () => {
    expect(chooseMonth(months("2026-09", "2026-10"), now, "2026-09")).toMatchObject({
      key: "2026-09",
      name: "September 2026",
      start: "2026-09-01",
      end: "2026-10-01",
      previousStart: "2026-08-01",
      previousEnd: "2026-09-01",
      previousName: "August",
    });
  });
});

describe("a month without data is refused", () => {
  it("with the months that have some, as spans", () => {
    const known = months("2025-11", "2025-12", "2026-01", "2026-03", "2026-05", "2026-06");
    expect(() => chooseMonth(known, now, "2026-02")).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: "There are no data for 2026-02.",
        hint: "There are for 2025-11 to 2026-01, 2026-03, 2026-05 to 2026-06.",
      }),
    );
  });

  it("with the command to run where there are none at all", () => {
    expect(() => chooseMonth([], now, "2026-02")).toThrow(
      expect.objectContaining({ exitCode: 2, hint: expect.stringContaining("tally run") }),
    );
  });

  it("with the way to write it where it is no month", () => {
    expect(() => chooseMonth(months("2026-10"), now, "2026-13")).toThrow(
      expect.objectContaining({ hint: "Write it as 2026-09." }),
    );
  });
});

describe("a month is compared", () => {
  it("with the whole of the month before", () => {
    expect(periodOf("2026-01", now, "2026-01-31")).toMatchObject({
      previousStart: "2025-12-01",
      previousEnd: "2026-01-01",
      previousName: "December 2025",
      previousWhen: "in December 2025",
      elapsedDays: 31,
    });
  });

  it("with as many days of it while it runs", () => {
    expect(periodOf("2026-11", new Date("2026-11-15T12:00:00Z"), "2026-11-14")).toMatchObject({
      isRunning: true,
      previousStart: "2026-10-01",
      previousEnd: "2026-10-15",
      previousName: "1\u201314 October",
      elapsedDays: 14,
    });
  });

  it("with the whole of a shorter one, where it has run for longer", () => {
    expect(periodOf("2026-03", new Date("2026-03-31T12:00:00Z"), "2026-03-30").previousEnd).toBe(
      "2026-03-01",
    );
  });

  it("in a leap year, too", () => {
    expect(periodOf("2028-03", new Date("2028-05-01T00:00:00Z"), null)).toMatchObject({
      previousStart: "2028-02-01",
      previousEnd: "2028-03-01",
      elapsedDays: 31,
    });
    expect(periodOf("2028-02", new Date("2028-05-01T00:00:00Z"), null).elapsedDays).toBe(29);
  });
});
