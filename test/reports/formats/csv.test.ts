import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvOf } from "../../../src/reports/formats/csv.ts";
import { everyKind } from "./dataset.ts";
import { readCsv } from "./read-csv.ts";

describe("a CSV", () => {
  it("has a header, ISO 8601 dates and times, exact numbers, quoted text and no formula", () => {
    expect(csvOf(everyKind)).toBe(
      [
        "day,at,name,amount,days,ratio,is_open",
        "2026-10-01,2026-10-01T05:06:07Z,'=cmd|' /C calc'!A0,-1234567.89,3,0.25,true",
        ',,"say ""hi"",\r\nthen go",,-1,,false',
        "2026-10-02,2026-10-01T05:06:07.5Z,'\tTab,0.0000000001,,-1.5,",
        ",,,0.00,0,0,",
        "",
      ].join("\r\n"),
    );
  });

  it("has its header where there is no row", () => {
    expect(csvOf({ ...everyKind, rows: [] })).toBe("day,at,name,amount,days,ratio,is_open\r\n");
  });

  it("gives every text back, with no cell that a spreadsheet would run", () => {
    const columns = ["one", "two"].map((name) => ({ name, type: "VARCHAR", description: "A text." }));
    const cell = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.tuple(fc.constantFrom("=", "+", "-", "@", "\t", "\r", "\n"), fc.string()).map(([a, b]) => a + b),
    );
    fc.assert(
      fc.property(fc.array(fc.record({ one: cell, two: cell })), (rows) => {
        const [, ...read] = readCsv(csvOf({ ...everyKind, columns, rows }));
        expect(read.flat().filter((text) => /^[=+\-@\t\r\n]/.test(text))).toEqual([]);
        const back = read.map((row, i) =>
          row.map((text, j) => {
            const came = (j === 0 ? rows[i]?.one : rows[i]?.two) ?? "";
            return text === `'${came}` && /^[\s=+\-@\uff1d\uff0b\uff0d\uff20\u0000-\u001f]/.test(came)
              ? came
              : text;
          }),
        );
        expect(back).toEqual(rows.map(({ one, two }) => [one, two]));
      }),
    );
  });
});
