import fc from "fast-check";
import { expect, it } from "vitest";
import { csvLine } from "../src/csv.ts";

const text = (value: string) => ({ text: value, isNumber: false });

it.each(["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", " =1+1", "\uff1d1+1"])(
  "keeps a spreadsheet from running %j",
  (value) => {
    expect(
      csvLine([text(value)])
        .replace(/^"/, "")
        .startsWith("'"),
    ).toBe(true);
  },
);

it("leaves negative numbers numbers", () => {
  expect(csvLine([{ text: "-1.50", isNumber: true }])).toBe("-1.50\r\n");
});

it("quotes commas, quotes and line breaks as RFC 4180 has it", () => {
  expect(csvLine([text("a,b"), text('say "hi"'), text("two\nlines"), text("plain")])).toBe(
    '"a,b","say ""hi""","two\nlines",plain\r\n',
  );
});

it("gives back every text, whatever is in it", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" }), { minLength: 1 }), (cells) => {
      const read = readCsvLine(csvLine(cells.map(text)));
      expect(read.map((cell, i) => (cell === `'${cells[i]}` ? cells[i] : cell))).toEqual(cells);
    }),
  );
});

/** A reader of one RFC 4180 line, written from the grammar and not from the writer. */
function readCsvLine(line: string): string[] {
  const body = line.slice(0, -2);
  const cells: string[] = [];
  for (let at = 0; at <= body.length; ) {
    let cell = "";
    if (body[at] === '"') {
      at++;
      while (body[at] !== '"' || body[at + 1] === '"') {
        cell += body[at];
        at += body[at] === '"' ? 2 : 1;
      }
      at++;
    } else {
      const end = body.indexOf(",", at);
      cell = body.slice(at, end < 0 ? body.length : end);
      at = end < 0 ? body.length : end;
    }
    cells.push(cell);
    at++;
  }
  return cells;
}
