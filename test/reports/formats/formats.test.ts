import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config.ts";
import { csv } from "../../../src/reports/formats/csv.ts";
import type { DataTable, FormatContext, ReportFiles } from "../../../src/reports/formats/format.ts";
import { json } from "../../../src/reports/formats/json.ts";
import { parquet } from "../../../src/reports/formats/parquet.ts";
import { sheetNames } from "../../../src/reports/formats/sheet-names.ts";
import { xlsx } from "../../../src/reports/formats/xlsx.ts";
import { chooseMonth } from "../../../src/reports/month.ts";
import { openWarehouse } from "../../../src/warehouse.ts";
import { testEffects } from "../../effects.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { everyKind } from "./dataset.ts";
import { readCsv } from "./read-csv.ts";
import { readXlsx } from "./read-xlsx.ts";

const config = loadConfig(testEffects(), "/nowhere/tally.toml");
const october = [{ month: "2026-10", last_usage_date: "2026-10-31" }];

const context: FormatContext = {
  config,
  facts: {
    period: chooseMonth(october, new Date("2026-11-03T06:00:00Z"), "2026-10"),
    build: {
      built_at: "2026-11-03 05:30:00",
      today: "2026-11-03",
      price_label: "prices.csv",
      currency: "USD",
      tally_version: "0.1.0",
    },
    months: [],
    colours: new Map(),
    confinedTo: null,
    projectPages: new Map(),
  },
};

const tables: readonly DataTable[] = [
  { id: "every-kind", title: "Rows of every kind", dataset: everyKind },
  { id: "none", title: "Rows of every kind", dataset: { ...everyKind, rows: [] } },
];

const textOf = (files: ReportFiles, path: string) => Buffer.from(files.get(path) ?? "").toString("utf8");
const bytesOf = (files: ReportFiles, path: string) => new Uint8Array(Buffer.from(files.get(path) ?? ""));

describe("CSVs", () => {
  it("begin with a byte order mark where the settings say so, and only then", async () => {
    const marked = { ...context, config: { ...config, reports: { ...config.reports, hasCsvBom: true } } };
    const plain = bytesOf(await csv.filesOf(tables, context), "every-kind.csv");
    const withMark = bytesOf(await csv.filesOf(tables, marked), "every-kind.csv");
    expect([...withMark.slice(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    expect(withMark.slice(3)).toEqual(plain);
  });

  it("have a datapackage.json beside them, with the type and the meaning of every column", async () => {
    const files = await csv.filesOf(tables, context);
    const described = JSON.parse(textOf(files, "datapackage.json"));
    expect(described).toMatchObject({
      name: "gpu-usage-and-cost-2026-10",
      created: "2026-11-03T05:30:00Z",
      version: "0.1.0",
    });
    expect(described.resources.map(({ path }: { path: string }) => path)).toEqual([
      "every-kind.csv",
      "none.csv",
    ]);
    const [resource] = described.resources;
    expect(resource).toMatchObject({
      name: "every-kind",
      title: "Rows of every kind",
      description: "Rows of every kind.",
      encoding: "utf-8",
      bytes: bytesOf(files, "every-kind.csv").length,
    });
    expect(resource.schema.fields).toEqual([
      { name: "day", type: "date", description: "The UTC day." },
      { name: "at", type: "datetime", description: "The instant, UTC." },
      { name: "name", type: "string", description: "What it is called." },
      { name: "amount", type: "number", description: "What it cost." },
      { name: "days", type: "integer", description: "How many days." },
      { name: "ratio", type: "number", description: "A share." },
      { name: "is_open", type: "boolean", description: "Whether it is open." },
    ]);
    const [head] = readCsv(textOf(files, "every-kind.csv"));
    expect(head).toEqual(resource.schema.fields.map(({ name }: { name: string }) => name));
  });
});

describe("JSON", () => {
  it("has the meaning of every column, and rows whose amounts are exact numerals", async () => {
    const files = await json.filesOf(tables, context);
    const text = textOf(files, "every-kind.json");
    const parsed = JSON.parse(text);
    expect(parsed).toMatchObject({
      name: "every-kind",
      month: "2026-10",
      generated_at: "2026-11-03T05:30:00Z",
    });
    expect(parsed.columns[3]).toEqual({
      name: "amount",
      type: "DECIMAL(38,10)",
      description: "What it cost.",
    });
    expect(parsed.rows).toEqual([
      {
        day: "2026-10-01",
        at: "2026-10-01T05:06:07Z",
        name: "=cmd|' /C calc'!A0",
        amount: -1234567.89,
        days: 3,
        ratio: 0.25,
        is_open: true,
      },
      {
        day: null,
        at: null,
        name: 'say "hi",\r\nthen go',
        amount: null,
        days: -1,
        ratio: null,
        is_open: false,
      },
      {
        day: "2026-10-02",
        at: "2026-10-01T05:06:07.5Z",
        name: "\tTab",
        amount: 1e-10,
        days: null,
        ratio: -1.5,
        is_open: null,
      },
      { day: null, at: null, name: null, amount: 0, days: 0, ratio: 0, is_open: null },
    ]);
    expect(text).toContain('"amount":0.0000000001,');
    expect(JSON.parse(textOf(files, "none.json")).rows).toEqual([]);
  });

  it("keeps more digits than a double has", async () => {
    const rows = [{ ...everyKind.rows[0], amount: "12345678901234567890.1234567891" }];
    const files = await json.filesOf(
      [{ id: "large", title: "Large", dataset: { ...everyKind, rows } }],
      context,
    );
    expect(textOf(files, "large.json")).toContain('"amount":12345678901234567890.1234567891,');
  });
});

describe("Parquet", () => {
  it("has the types of the query, every value, and the meaning of its columns", async () => {
    const folder = temporaryFolder();
    const files = await parquet.filesOf(tables, context);
    for (const { id } of tables)
      writeFileSync(join(folder, `${id}.parquet`), bytesOf(files, `${id}.parquet`));
    const duckdb = await openWarehouse(join(folder, "look.duckdb"), config.warehouse);
    const file = `'${join(folder, "every-kind.parquet")}'`;
    expect(await duckdb.all(`select column_name, column_type from (describe from ${file})`)).toEqual(
      everyKind.columns.map(({ name, type }) => ({ column_name: name, column_type: type })),
    );
    const rows = everyKind.rows.map((row) => ({
      ...row,
      ...(row.at === "2026-10-01 05:06:07.5" && { at: "2026-10-01 05:06:07.5" }),
    }));
    expect(await duckdb.all(`from ${file}`)).toEqual(rows);
    expect(await duckdb.all(`from '${join(folder, "none.parquet")}'`)).toEqual([]);
    const kept = await duckdb.all<{ key: string; value: string }>(
      `select decode(key) as key, decode(value) as value from parquet_kv_metadata(${file})`,
    );
    const meanings = JSON.parse(kept.find(({ key }) => key === "columns")?.value ?? "{}");
    expect(meanings).toMatchObject({ amount: "What it cost.", name: "What it is called." });
    duckdb.close();
    expect(await parquet.filesOf(tables, context)).toEqual(files);
  });
});

describe("a workbook", () => {
  it("has a sheet for each table, with typed cells under a bold head that stays", async () => {
    const files = await xlsx.filesOf(tables, context);
    expect([...files.keys()]).toEqual(["report.xlsx"]);
    const [sheet, none] = readXlsx(bytesOf(files, "report.xlsx"));
    expect([sheet?.name, none?.name]).toEqual(["Rows of every kind", "Rows of every kind (2)"]);
    expect([...(sheet?.rows[0] ?? [])].map(([, { text, isBold }]) => [text, isBold])).toEqual(
      everyKind.columns.map(({ name }) => [name, true]),
    );
    expect(sheet?.xml).toMatch(/<pane [^>]*ySplit="1"[^>]*state="frozen"/);
    const cells = (row: number) =>
      Object.fromEntries(
        [...(sheet?.rows[row] ?? [])].map(([column, { kind, text, format }]) => [
          column,
          [kind, text, format],
        ]),
      );
    // Days since 1899-12-30: 2026-10-01 is day 46296; 05:06:07 is 18367 of 86400 seconds.
    expect(cells(1)).toMatchObject({
      A: ["n", "46296", "yyyy-mm-dd"],
      C: ["s", "=cmd|' /C calc'!A0", ""],
      D: ["n", "-1234567.89", "#,##0.00"],
      E: ["n", "3", "#,##0"],
      F: ["n", "0.25", "0.0000"],
      G: ["b", "1", ""],
    });
    expect(Number(cells(1).B?.[1])).toBeCloseTo(46296 + 18367 / 86400, 9);
    expect(Object.keys(cells(2))).toEqual(["C", "E", "G"]);
    expect(cells(3).D?.[1]).toBe("1e-10");
    expect(none?.rows).toHaveLength(1);
  });

  it("gives the same bytes at any time and in any zone", async () => {
    const zone = process.env.TZ;
    try {
      process.env.TZ = "UTC";
      const first = bytesOf(await xlsx.filesOf(tables, context), "report.xlsx");
      process.env.TZ = "Pacific/Auckland";
      await new Promise((resolve) => setTimeout(resolve, 2100));
      expect(Buffer.compare(bytesOf(await xlsx.filesOf(tables, context), "report.xlsx"), first)).toBe(0);
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  it("never holds a formula, and gives every text back that XML can hold", async () => {
    const text = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom(
        "=1+1",
        "+1",
        "@x",
        "<b>&\"'",
        "_x0041_",
        "constructor",
        "__proto__",
        "toString",
        " blanks ",
        '=HYPERLINK("x")',
      ),
    );
    const columns = [{ name: "text", type: "VARCHAR", description: "A text." }];
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1 }), async (texts) => {
        const rows = texts.map((value) => ({ text: value }));
        const files = await xlsx.filesOf(
          [{ id: "t", title: "T", dataset: { ...everyKind, columns, rows } }],
          context,
        );
        const [sheet] = readXlsx(bytesOf(files, "report.xlsx"));
        expect(sheet?.xml).not.toContain("<f");
        const read = (sheet?.rows.slice(1) ?? []).map((row) => row.get("A"));
        expect(read.map((cell) => cell?.text ?? "")).toEqual(
          texts.map((value) =>
            value.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffd]/g, ""),
          ),
        );
        expect(read.every((cell) => cell === undefined || cell.kind === "s")).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it("holds an amount whose cents a spreadsheet could not tell as text, with all its digits", async () => {
    const amounts = ["9999999999999.99", "10000000000000.01", "-12345678901234567890.1200000000"];
    const rows = amounts.map((amount) => ({ ...everyKind.rows[0], amount }));
    const files = await xlsx.filesOf([{ id: "t", title: "T", dataset: { ...everyKind, rows } }], context);
    const [sheet] = readXlsx(bytesOf(files, "report.xlsx"));
    expect(sheet?.rows.slice(1).map((row) => [row.get("D")?.kind, row.get("D")?.text])).toEqual([
      ["n", "9999999999999.99"],
      ["s", "10000000000000.01"],
      ["s", "-12345678901234567890.12"],
    ]);
  });
});

describe("the names of sheets", () => {
  it("are legal and all different, whatever the titles", () => {
    expect(
      sheetNames([
        "Cost [by] project: all/some?",
        "cost  by project all some",
        "History",
        "''",
        "x".repeat(40),
        "x".repeat(40),
      ]),
    ).toEqual([
      "Cost by project all some",
      "cost by project all some (2)",
      "History table",
      "Table",
      "x".repeat(31),
      `${"x".repeat(27)} (2)`,
    ]);
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 60 })), (titles) => {
        const names = sheetNames(titles);
        expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(titles.length);
        for (const name of names) {
          expect(name.length).toBeGreaterThan(0);
          expect(name.length).toBeLessThanOrEqual(31);
          expect(name).not.toMatch(/[\\/?*[\]:]|^'|'$/);
          expect(Buffer.from(name).toString("utf8")).toBe(name);
        }
      }),
    );
  });
});
