import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { exportFocus, type FocusOptions } from "../../src/exports/focus.ts";
import { type Analytics, buildOrganization, type TestOrganization } from "../models/organization.ts";
import { cpu, evil, focusOrganization, read } from "./focus-organization.ts";
import { type FocusRow, offences, readFocusCsv, scaled, total } from "./focus-rules.ts";

vi.setConfig({ testTimeout: 120_000 });

async function published(more: Partial<TestOrganization> = {}): Promise<Analytics> {
  const analytics = await buildOrganization({ ...focusOrganization(), ...more });
  await analytics.publish();
  return analytics;
}

async function exported(analytics: Analytics, options: Partial<FocusOptions> = {}) {
  const folder = join(analytics.context.workspace.root, "out");
  const version = options.version ?? "1.2";
  const written = await exportFocus(analytics.context, {
    version,
    formats: ["csv", "parquet"],
    folder,
    ...options,
  });
  return { written, folder, csv: readFocusCsv(join(folder, `focus-${version}.csv`)) };
}

const of = (rows: readonly FocusRow[], wanted: Partial<FocusRow>) =>
  rows.filter((row) => Object.entries(wanted).every(([name, value]) => row[name] === value));
const money = (rows: readonly FocusRow[], column: string) => Number(total(rows, column)) / 1e10;

test("charges for usage, commitment and what of it is unused follow FOCUS, and add up to tally's own tables", async () => {
  const analytics = await published();
  const { written, folder, csv } = await exported(analytics);
  const { rows } = csv;
  expect(await offences("1.2", csv)).toEqual([]);
  expect(written).toMatchObject({ from: "2026-10-30", to: "2026-11-02", rows: rows.length });

  // The contract is billed by the day; its use is not billed again, and bears its cost.
  const october = rows.filter((row) => row.BillingPeriodStart === "2026-10-01T00:00:00Z");
  const bought = of(rows, { ChargeCategory: "Purchase" });
  expect(bought.map((row) => [row.ChargePeriodStart?.slice(0, 10), money([row], "BilledCost")])).toEqual([
    ["2026-10-30", 960],
    ["2026-10-31", 960],
    ["2026-11-01", 960],
    ["2026-11-02", 960],
  ]);
  const used = of(october, { CommitmentDiscountStatus: "Used" });
  expect(
    used.map((row) => [
      row.SubAccountId,
      row.PricingQuantity,
      row.BilledCost,
      row.EffectiveCost,
      row.ListCost,
    ]),
  ).toEqual([
    ["alpha", "200.000000000000", "0.0000000000", "500.0000000000", "800.0000000000"],
    ["beta", "100.000000000000", "0.0000000000", "250.0000000000", "400.0000000000"],
    ["alpha", "230.400000000000", "0.0000000000", "576.0000000000", "921.6000000000"],
    ["beta", "153.600000000000", "0.0000000000", "384.0000000000", "614.4000000000"],
  ]);
  const unused = of(rows, { CommitmentDiscountStatus: "Unused" });
  expect(
    unused.map((row) => [row.ChargePeriodStart, row.CommitmentDiscountQuantity, row.EffectiveCost]),
  ).toEqual([["2026-10-30T00:00:00Z", "84.000000000000", "210.0000000000"]]);
  const beyond = rows.filter((row) => row.ChargeDescription?.includes("beyond reservation"));
  expect(beyond.map((row) => [row.SubAccountId, row.PricingCategory, row.BilledCost])).toEqual([
    ["alpha", "Standard", "144.0000000000"],
    ["beta", "Standard", "96.0000000000"],
  ]);
  // Billed and amortised are the same over days that were read.
  expect(total(of(october, { BillingCurrency: "USD" }), "BilledCost")).toBe(
    total(of(october, { BillingCurrency: "USD" }), "EffectiveCost"),
  );

  // To the last digit what the tables say, in each currency by itself.
  const costs = await analytics.published("select currency, cost from fct_cost_daily where cost is not null");
  for (const currency of ["USD", "EUR"]) {
    const charges = of(rows, { BillingCurrency: currency, ChargeCategory: "Usage" });
    const spent = charges.filter((row) => row.CommitmentDiscountStatus !== "Unused");
    const expected = costs
      .filter((row) => row.currency === currency)
      .reduce((sum, row) => sum + scaled(String(row.cost), 10), 0n);
    expect(total(spent, "EffectiveCost")).toBe(expected);
  }
  expect(money(of(rows, { BillingCurrency: "EUR" }), "BilledCost")).toBe(30);

  expect(of(rows, { PricingCategory: "Dynamic" }).map((row) => row.BilledCost)).toEqual(["0.2000000000"]);
  expect(of(rows, { ServiceName: "Crusoe Persistent Disks" })[0]).toMatchObject({
    ServiceCategory: "Storage",
    ServiceSubcategory: "Block Storage",
    PricingUnit: "GiB-Hours",
    ListUnitPrice: "0.00010959000000",
  });

  // By resource where that adds up, else by project.
  const machines = of(rows, { SkuId: "c1a.8x/instance-hours" });
  expect(machines.map((row) => [row.SubAccountId, row.ResourceId, row.PricingQuantity])).toEqual([
    ["alpha", "vm-1", "0.333333333333"],
    ["alpha", "vm-2", "0.666666666668"],
    ["beta", "", "5.000000000000"],
  ]);

  // What has no price is in no row, and is told apart.
  expect(rows.filter((row) => row.SkuId?.startsWith("mystery"))).toEqual([]);
  expect(written.unpriced).toMatchObject([{ ResourceType: "mystery.1x", Quantity: "11.000000000000" }]);
  const metadata = JSON.parse(readFileSync(join(folder, "focus-1.2-metadata.json"), "utf8"));
  expect(metadata).toMatchObject({
    DataGenerator: "tally",
    Schema: { FocusVersion: "1.2", CreationDate: "2026-11-03T06:00:00Z" },
    x_Dataset: {
      ProviderName: "Crusoe",
      Rows: rows.length,
      UnpricedUsage: [{ ResourceType: "mystery.1x", FirstDate: "2026-10-31", LastDate: "2026-10-31" }],
      CommitmentsWithoutKnownUse: [{ CommitmentDiscountId: "res-1", Days: 2, BilledCost: "1920.0000000000" }],
    },
  });
  expect(metadata.Schema.ColumnDefinition.map((column: { ColumnName: string }) => column.ColumnName)).toEqual(
    csv.columns,
  );
  expect(readdirSync(folder).sort()).toEqual([
    "focus-1.2-metadata.json",
    "focus-1.2.csv",
    "focus-1.2.parquet",
  ]);

  // Parquet has the texts as they came, typed columns, and the same sums; CSV nothing that a spreadsheet runs.
  const parquet = `read_parquet('${join(folder, "focus-1.2.parquet")}')`;
  expect(
    await analytics.all(
      `select distinct SubAccountName as name, json_extract_string(Tags, '$.cost_centre') as centre,
         json_extract_string(Tags, '$.owner') as owner
       from ${parquet} where SubAccountId is not null order by all`,
    ),
  ).toEqual([
    { name: evil, centre: "@research", owner: "Ines" },
    { name: "Training", centre: "R & D", owner: null },
  ]);
  expect(
    await analytics.all(
      `select column_type, count(*)::integer as columns from (describe select * from ${parquet}) group by all order by all`,
    ),
  ).toEqual([
    { column_type: "DECIMAL(38,10)", columns: 5 },
    { column_type: "DECIMAL(38,12)", columns: 3 },
    { column_type: "DECIMAL(38,14)", columns: 4 },
    { column_type: "TIMESTAMP WITH TIME ZONE", columns: 4 },
    { column_type: "VARCHAR", columns: 38 },
  ]);
  const [sums] = await analytics.all(`select sum(BilledCost) as billed from ${parquet}`);
  expect(scaled(String(sums?.billed), 10)).toBe(total(rows, "BilledCost"));
  expect(rows.map((row) => row.SubAccountName)).toContain(`'${evil}`);
  for (const row of rows) for (const text of Object.values(row)) expect(text).not.toMatch(/^[=+@\t\r\n]/);

  // FOCUS 1.0 has the same charges in fewer columns; a month has its days alone, and the same bytes again.
  const old = await exported(analytics, { version: "1.0" });
  expect(await offences("1.0", old.csv)).toEqual([]);
  expect(old.csv.rows.map((row) => row.EffectiveCost)).toEqual(rows.map((row) => row.EffectiveCost));
  const month = { from: "2026-10-01", to: "2026-10-31", formats: ["csv"] as const };
  const first = await exported(analytics, month);
  expect(first.csv.rows).toEqual(october);
  const bytes = readFileSync(join(folder, "focus-1.2.csv"));
  await exported(analytics, month);
  expect(readFileSync(join(folder, "focus-1.2.csv")).equals(bytes)).toBe(true);
  expect(readdirSync(folder)).not.toContain("focus-1.2.parquet");

  // What fails leaves what was there.
  await expect(exported(analytics, { from: "2027-01-01" })).rejects.toThrow(
    "There are no data for 2027-01-01",
  );
  expect(statSync(join(folder, "focus-1.2.csv")).size).toBe(bytes.length);
});

test("what the API bills below zero is a credit, and its other bills are charged as billed", async () => {
  const day = { usage_date: "2026-10-30", region: "us-east1" };
  const analytics = await published({
    rows: {
      projects: [{ id: "alpha", name: "Training" }],
      read_windows: [
        { ...read, project_id: "alpha" },
        { ...read, project_id: "alpha", stream: "billing_costs" },
      ],
      usage: [
        { ...cpu, ...day, quantity: "7" },
        { ...cpu, ...day, quantity: "2", resource_type: "c1a.16x" },
      ],
      billing_costs: [
        { ...cpu, ...day, quantity: "7", cost: "10" },
        { ...cpu, ...day, quantity: "2", cost: "-3.5", resource_type: "c1a.16x" },
      ],
    },
    files: {
      "tally.toml": '[prices]\nbilling = "prefer"\n',
      "prices.csv": "resource_type,unit_price\nc1a.8x,1\nc1a.16x,1\n",
    },
  });
  const { csv } = await exported(analytics);
  expect(await offences("1.2", csv)).toEqual([]);
  expect(
    csv.rows.map((row) => [
      row.SkuId,
      row.ChargeCategory,
      row.ChargeFrequency,
      row.BilledCost,
      row.ContractedUnitPrice,
    ]),
  ).toEqual([
    ["c1a.16x/instance-hours", "Credit", "One-Time", "-3.5000000000", ""],
    ["c1a.8x/instance-hours", "Usage", "Usage-Based", "10.0000000000", "1.42857142857142"],
  ]);
});
