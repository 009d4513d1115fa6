import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCsvScanner } from "../../src/ingest/csv-scan.ts";
import { createJsonScanner } from "../../src/ingest/json-scan.ts";
import { withoutSecrets } from "../../src/ingest/secrets.ts";

/** The bytes cut at the given places, so that every state of a scanner meets the end of a chunk. */
function cut(text: string, places: readonly number[]): Uint8Array[] {
  const bytes = Buffer.from(text);
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

function scanJson(text: string, places: readonly number[] = [], withRows = false) {
  const rows: Uint8Array[] = [];
  const scanner = createJsonScanner(
    "items",
    withRows ? { quotesNumbers: true, write: (bytes) => rows.push(Buffer.from(bytes)) } : undefined,
  );
  for (const chunk of cut(text, places)) scanner.push(Buffer.from(chunk));
  return { ...scanner.end(), text: Buffer.concat(rows).toString() };
}

const places = fc.array(fc.nat(), { maxLength: 8 });

describe("the scan of a JSON answer", () => {
  test("counts its rows and finds the token of the next page, before or after them", () => {
    const outline = scanJson(
      '{"items":[{"a":{"items":[1]}},{}],"n":{"next_page_token":"no"},"next_page_token":"t\\u0031"}',
    );
    expect(outline.rows).toBe(2);
    expect(outline.strings.get("next_page_token")).toBe("t1");
    expect(scanJson('{"next_page_token":"t1","items":null}').strings.get("next_page_token")).toBe("t1");
    expect(scanJson(" \n{ } ").rows).toBe(0);
  });

  test.each([
    ["nothing", ""],
    ["half of it", '{"items":[{"a":1}'],
    ["half of a string", '{"items":[{"a":"'],
    ["half of a number", '{"items":[],"a":1'],
    ["text", "oops"],
    ["a comma too many", '{"items":[{"a":1},]}'],
    ["a comma too few", '{"items":[{"a":1}{"a":2}]}'],
    ["no colon", '{"items" []}'],
    ["the wrong bracket", '{"items":[{"a":1]}}'],
    ["something after its end", '{"items":[]} x'],
    ["two answers", '{"items":[]}{"items":[]}'],
  ])("refuses %s", (_, text) => {
    expect(() => scanJson(text)).toThrow(expect.objectContaining({ name: "BodyError" }));
  });

  test.each([
    ["[]", "$", "is a list, not an object"],
    ['"none"', "$", "is a text, not an object"],
    ['{"items":{"a":[{"items":[]}]}}', "items", "is an object, not a list"],
    ['{"a":1,"items":"none"}', "items", "is a text, not a list"],
    ['{"items":7,"a":1}', "items", "is a number, not a list"],
  ])("says where %s is of another shape", (text, path, reason) => {
    expect(scanJson(text)).toMatchObject({ rows: 0, misshape: { path, reason } });
  });

  test("counts the rows that are no objects", () => {
    const { rows, oddRows, misshape, text } = scanJson('{"items":[1,{"a":2},"x",[{}],null]}', [], true);
    expect({ rows, oddRows, misshape }).toEqual({ rows: 5, oddRows: 4, misshape: null });
    expect(text).toBe('1\n{"a":"2"}\n"x"\n[{}]\nnull\n');
  });

  test("takes every JSON that JSON.parse takes, wherever its bytes are cut", () => {
    const rows = fc.array(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()));
    fc.assert(
      fc.property(rows, fc.jsonValue(), fc.nat(2), places, (items, other, indent, cuts) => {
        const text = JSON.stringify({ other, items }, null, indent);
        expect(scanJson(text, cuts).rows).toBe(items.length);
      }),
    );
  });

  test("refuses every answer that ends early", () => {
    const text = '{"a":"\\"}","items":[{"q":1.5e3,"s":"x"},{"q":null,"n":[true,{}]}],"z":"end"}';
    for (let length = 0; length < text.length; length++) {
      expect(() => scanJson(text.slice(0, length))).toThrow(expect.objectContaining({ name: "BodyError" }));
    }
    expect(scanJson(text).rows).toBe(2);
  });

  test("hands on each row in a line of its own, its numbers quoted to the digit", () => {
    const text =
      '{"items":[\n {"q": 123456789.123456789012,\n "s":"a\\nb", "n": [1, {"x": 2}]}, {"q":-1e-7}\n], "k": 5}';
    for (let place = 0; place <= text.length; place++) {
      const { text: lines, hasLongNumbers } = scanJson(text, [place], true);
      expect(hasLongNumbers).toBe(true);
      expect(
        lines
          .split("\n")
          .filter(Boolean)
          .map((line) => JSON.parse(line)),
      ).toEqual([{ q: "123456789.123456789012", s: "a\nb", n: [1, { x: 2 }] }, { q: "-1e-7" }]);
    }
  });

  test("knows the numbers that a double does not keep", () => {
    expect(scanJson('{"items":[{"q":0.30000000000000004}]}').hasLongNumbers).toBe(false);
    expect(scanJson('{"items":[{"q":0.300000000000000041}]}').hasLongNumbers).toBe(true);
    expect(scanJson('{"items":[{"q":44999.000000000001}]}').hasLongNumbers).toBe(true);
    expect(scanJson('{"items":[{"q":23.983333333333334},{"q":12345678901234560}]}').hasLongNumbers).toBe(
      false,
    );
  });
});

describe("what a scan finds plain", () => {
  test("is the list of a JSON answer's rows, wherever its bytes are cut", () => {
    const list = '[ {"q":1.5,"s":"é"},\n{"q":null,"s":"]}"} ]';
    const text = `\ufeff{"n":"\\"[","o":{"items":[{"a":[]}]},"items":${list} ,"z":["\\"]"]}`;
    const bytes = Buffer.from(text);
    for (let place = 0; place <= bytes.length; place++) {
      const { plainRows } = scanJson(text, [place]);
      expect(bytes.subarray(plainRows?.from, plainRows?.to).toString()).toBe(list);
    }
    expect(scanJson('{"items":[]}').plainRows).toEqual({ from: 9, to: 11, hasBareNumbers: true });
  });

  test("has bare numbers unless a text or a word reads as one, wherever its bytes are cut", () => {
    const hasBareNumbers = (value: string, place?: number) => {
      const text = `{"items":[{"a":1.5,"b":${value}}]}`;
      return scanJson(text, place === undefined ? [] : [place]).plainRows?.hasBareNumbers;
    };
    const numbers = ['"12.5"', '"-1"', '" 7"', '".5"', '"1e-7"', '"12345678.123456789012"', "true", "false"];
    const others = [
      '""',
      '"2026-10-01"',
      '"2026-10-01T00:00:00Z"',
      '"5a5e7f11-2d0c-4d57-8a53-1f0d7f5f0001"',
      '"h100.8x"',
      "null",
    ];
    for (let place = 0; place < 70; place++) {
      for (const value of numbers) expect(hasBareNumbers(value, place), value).toBe(false);
      for (const value of others) expect(hasBareNumbers(value, place), value).toBe(true);
    }
    expect(scanJson('{"n":"5","items":[{"1":null}]}').plainRows?.hasBareNumbers).toBe(true);
  });

  test.each([
    ["a backslash in a value", '{"items":[{"a":"\\"x\\""}]}'],
    ["a backslash in a key", '{"items":[{"a\\u0062":"x"}]}'],
    ["a number that no double keeps", '{"items":[{"a":44999.000000000001}]}'],
    ["a list in a row", '{"items":[{"a":[1]}]}'],
    ["an object in a row", '{"items":[{"a":{}}]}'],
    ["a row that is no object", '{"items":[{"a":1},2]}'],
    ["a row that is a list", '{"items":[[1]]}'],
    ["two lists of rows", '{"items":[{"a":1}],"items":[{"a":2}]}'],
    ["no list of rows", '{"items":null}'],
    ["no object", '[{"a":1}]'],
  ])("is not %s", (_, text) => {
    expect(scanJson(text).plainRows).toBeNull();
  });

  test("is no CSV with a quote in it, or with line breaks of two kinds", () => {
    expect(scanCsv("a,b\n1,2\n").plainRows).toEqual({ from: 0, to: 8 });
    expect(scanCsv('a,b\n1,x"2\n', [7]).plainRows).toBeNull();
    expect(scanCsv('a,b\n"1",2\n').plainRows).toBeNull();
    expect(scanCsv("a,b\n1,2\r\n").plainRows).toBeNull();
  });
});

function scanCsv(text: string, cuts: readonly number[] = []) {
  const scanner = createCsvScanner();
  for (const chunk of cut(text, cuts)) scanner.push(chunk);
  return scanner.end();
}

describe("the scan of a CSV answer", () => {
  test("reads the header and counts the records", () => {
    expect(scanCsv('\ufeffDate,"Resource ""x"", Name",\n1,2,3\n\n4,"a\nb",6')).toEqual({
      header: ["Date", 'Resource "x", Name', ""],
      rows: 2,
      isIrregular: true,
      endsOpen: true,
      plainRows: null,
    });
    const plain = { isIrregular: false, endsOpen: false };
    expect(scanCsv("a,b\r\n1,2\r\n")).toEqual({
      header: ["a", "b"],
      rows: 1,
      ...plain,
      plainRows: { from: 0, to: 10 },
    });
    expect(scanCsv("")).toEqual({ header: [], rows: 0, ...plain, plainRows: { from: 0, to: 0 } });
    expect(scanCsv("a,b\n1,2\r\n").isIrregular).toBe(true);
  });

  test.each([
    ["a page", "<html>"],
    ["JSON", '{"items":[]}'],
    ["an answer that ends in a quoted cell", 'a,b\n1,"2'],
  ])("refuses %s", (_, text) => {
    expect(() => scanCsv(text)).toThrow(expect.objectContaining({ name: "BodyError" }));
  });

  test("counts what was written, whatever the cells hold and wherever the bytes are cut", () => {
    const cell = fc.string({ unit: "grapheme" }).map((text) => `"${text.replaceAll('"', '""')}"`);
    const record = fc.array(cell, { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(record), fc.constantFrom("\n", "\r\n"), places, (records, lineBreak, cuts) => {
        const text = [["a", "b"], ...records].map((cells) => cells.join(",")).join(lineBreak);
        expect(scanCsv(text, cuts).rows).toBe(records.length);
      }),
    );
  });
});

describe("what may be secret", () => {
  test("is dropped at any depth, and nothing else", () => {
    expect(
      withoutSecrets({
        items: [
          { id: "1", startup_script: "s", shutdownScript: "s", "ssh-public-key": "k", tags: { key: "kept" } },
          { token: { secret_key: "s", alias: "a" }, nested: [{ public_key: "p", name: "n", PASSWORD: "p" }] },
        ],
        next_page_token: "kept",
      }),
    ).toEqual({
      items: [{ id: "1", tags: { key: "kept" } }, { nested: [{ name: "n" }] }],
      next_page_token: "kept",
    });
  });

  test("leaves an answer without any as it came", () => {
    const answer = { items: [{ id: "1", disks: [{ id: "2" }] }], next_page_token: "t" };
    expect(withoutSecrets(answer)).toBe(answer);
  });
});
