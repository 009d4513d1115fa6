import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderReport } from "../../src/reports/report.ts";
import { openReadOnly, openWarehouse } from "../../src/warehouse.ts";
import { workspaceWith } from "./analytics.ts";
import { believable } from "./believable.ts";
import { readCsv } from "./formats/read-csv.ts";
import { readXlsx } from "./formats/read-xlsx.ts";

/** The cost of October in USD as each form of the report has it, in units of 10^-10. */
let sums: Record<"analytics.duckdb" | "CSV" | "JSON" | "Parquet" | "XLSX" | "HTML", bigint>;

const root = mkdtempSync(join(tmpdir(), "tally-test-"));

afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeAll(async () => {
  const { workspace, config, effects } = await workspaceWith(join(root, "workspace"), (analytics) =>
    believable(analytics, { projects: 40 }),
  );
  const { month } = await renderReport(
    { workspace, config, effects },
    { formats: ["html", "csv", "xlsx", "json", "parquet"] },
  );
  const folder = join(workspace.reports, month);
  const read = (name: string) => readFileSync(join(folder, name));

  const analytics = await openReadOnly(workspace.analytics, config.warehouse);
  const published = await analytics.all<{ cost: string }>(
    "select cost::varchar as cost from fct_cost_daily where currency = 'USD' and usage_date between '2026-10-01' and '2026-10-31'",
  );
  analytics.close();

  const [head = [], ...lines] = readCsv(read("cost-by-project.csv").toString("utf8"));
  const at = (row: readonly string[], column: string) => row[head.indexOf(column)] ?? "";
  const inUsd = lines.filter((row) => at(row, "currency") === "USD");

  const numerals = [
    ...read("cost-by-project.json")
      .toString("utf8")
      .matchAll(/"currency":"USD","cost":([^,]+),/g),
  ];

  const look = join(root, "cost.parquet");
  writeFileSync(look, read("cost-by-project.parquet"));
  const duckdb = await openWarehouse(`${look}.duckdb`, config.warehouse);
  const rows = await duckdb.all<{ cost: string | null }>(
    `select cost::varchar as cost from '${look}' where currency = 'USD'`,
  );
  duckdb.close();

  const sheet = readXlsx(read("report.xlsx")).find(({ name }) => name === "Cost by project");
  const [names, ...cells] = sheet?.rows ?? [];
  const columnOf = (name: string) => [...(names ?? [])].find(([, { text }]) => text === name)?.[0] ?? "";
  const costs = cells
    .filter((row) => row.get(columnOf("currency"))?.text === "USD")
    .map((row) => row.get(columnOf("cost")));

  const foot = /<section id="cost-by-project"[\s\S]*?<tfoot>([\s\S]*?)<\/tfoot>/.exec(
    read("index.html").toString("utf8"),
  );
  const shown = /\$([\d,]+\.\d\d)/.exec(foot?.[1] ?? "")?.[1] ?? "";

  sums = {
    "analytics.duckdb": sumOf(published.map(({ cost }) => cost)),
    CSV: sumOf(inUsd.map((row) => at(row, "cost"))),
    JSON: sumOf(numerals.map(([, cost = ""]) => cost)),
    Parquet: sumOf(rows.map(({ cost }) => cost ?? "")),
    XLSX: sumOf(costs.map((cell) => Number(cell?.text ?? 0).toFixed(10))),
    HTML: units(shown.replaceAll(",", "")),
  };
}, 120_000);

/** Decimal text as a count of 10^-10; nothing where it is empty or null. */
function units(text: string): bigint {
  if (text === "" || text === "null") return 0n;
  const [whole = "", fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(10, "0"));
}

function sumOf(costs: readonly string[]): bigint {
  return costs.reduce((total, cost) => total + units(cost), 0n);
}

const cents = (sum: bigint) => (sum + 50_000_000n) / 100_000_000n;

// FOCUS rows are another form of the same costs: what `tally export --focus` writes joins the table here.
describe("the cost of a month", () => {
  it("is some", () => {
    expect(sums["analytics.duckdb"]).toBeGreaterThan(10n ** 14n);
  });

  it.each(["CSV", "JSON", "Parquet"] as const)("is exactly that of the published tables in %s", (form) => {
    expect(sums[form]).toBe(sums["analytics.duckdb"]);
  });

  it.each(["XLSX", "HTML"] as const)("agrees with the published tables to the cent in %s", (form) => {
    expect(cents(sums[form])).toBe(cents(sums["analytics.duckdb"]));
  });
});
