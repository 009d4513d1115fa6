import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { exportFocus } from "../../src/exports/focus.ts";
import { renderReport } from "../../src/reports/report.ts";
import { openReadOnly, openWarehouse } from "../../src/warehouse.ts";
import { focusOrganization } from "../exports/focus-organization.ts";
import { readFocusCsv } from "../exports/focus-rules.ts";
import { buildOrganization } from "../models/organization.ts";
import { readCsv } from "./formats/read-csv.ts";
import { readXlsx } from "./formats/read-xlsx.ts";

vi.setConfig({ testTimeout: 120_000 });

it("the cost of a month is the same to the cent in HTML, CSV, XLSX, JSON, Parquet, FOCUS and analytics.duckdb", async () => {
  const organization = await buildOrganization(focusOrganization());
  await organization.publish();
  const { context } = organization;
  const { workspace, config } = context;
  const { month } = await renderReport(context, {
    month: "2026-10",
    formats: ["html", "csv", "xlsx", "json", "parquet"],
  });
  const read = (name: string) => readFileSync(join(workspace.reports, month, name));
  await exportFocus(context, {
    version: "1.2",
    formats: ["csv", "parquet"],
    from: "2026-10-01",
    to: "2026-10-31",
    folder: join(workspace.root, "focus"),
  });

  const analytics = await openReadOnly(workspace.analytics, config.warehouse);
  const published = await analytics.all<{ cost: string }>(
    "select cost::varchar as cost from fct_cost_daily where cost is not null and currency = 'USD' and usage_date between '2026-10-01' and '2026-10-31'",
  );
  analytics.close();

  const [head = [], ...lines] = readCsv(read("cost-by-project.csv").toString("utf8"));
  const at = (row: readonly string[], column: string) => row[head.indexOf(column)] ?? "";

  const numerals = [
    ...read("cost-by-project.json")
      .toString("utf8")
      .matchAll(/"currency":"USD","cost":([^,]+),/g),
  ];

  const look = join(workspace.root, "cost.parquet");
  writeFileSync(look, read("cost-by-project.parquet"));
  const duckdb = await openWarehouse(`${look}.duckdb`, config.warehouse);
  const rows = await duckdb.all<{ cost: string | null }>(
    `select cost::varchar as cost from '${look}' where currency = 'USD'`,
  );
  const focusParquet = await duckdb.all<{ cost: string }>(
    `select EffectiveCost::varchar as cost from '${join(workspace.root, "focus", "focus-1.2.parquet")}'
    where BillingCurrency = 'USD' and ChargeCategory in ('Usage', 'Credit') and CommitmentDiscountStatus is distinct from 'Unused'`,
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

  // What is charged for a commitment falls on its use; what of it nobody used is in no project's cost.
  const focus = readFocusCsv(join(workspace.root, "focus", "focus-1.2.csv")).rows.filter(
    (row) =>
      row.BillingCurrency === "USD" &&
      (row.ChargeCategory === "Usage" || row.ChargeCategory === "Credit") &&
      row.CommitmentDiscountStatus !== "Unused",
  );

  const expected = sumOf(published.map(({ cost }) => cost));
  // By hand, of the prices in USD: 780 GPU-hours drawn from the reservation at 2.50 and 3 on demand at 4, 6 hours and
  // a trillionth of one of c1a.8x at 0.33333333, 2 spot hours at 0.1 and 240 GiB-hours at 0.00010959, each day and
  // project rounded to ten places: 1950 + 12 + 0.3333333300 + 1.6666666500 + 0.2 + 0.0263016.
  expect(expected).toBe(19_642_263_015_800n);
  const exact = {
    CSV: sumOf(lines.filter((row) => at(row, "currency") === "USD").map((row) => at(row, "cost"))),
    JSON: sumOf(numerals.map(([, cost = ""]) => cost)),
    Parquet: sumOf(rows.map(({ cost }) => cost ?? "")),
    "FOCUS as CSV": sumOf(focus.map((row) => row.EffectiveCost ?? "")),
    "FOCUS as Parquet": sumOf(focusParquet.map(({ cost }) => cost)),
  };
  for (const [form, sum] of Object.entries(exact)) expect(sum, form).toBe(expected);
  const toTheCent = {
    XLSX: sumOf(costs.map((cell) => Number(cell?.text ?? 0).toFixed(10))),
    HTML: units(shown.replaceAll(",", "")),
  };
  for (const [form, sum] of Object.entries(toTheCent)) expect(cents(sum), form).toBe(cents(expected));
});

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
