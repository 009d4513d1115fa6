import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { type FocusVersion, focusColumns } from "../../src/exports/focus-columns.ts";

export type FocusRow = Record<string, string>;

/** The rows of a CSV export, with its columns in order. */
export function readFocusCsv(path: string): { columns: string[]; rows: FocusRow[] } {
  const [columns = [], ...lines] = parse(readFileSync(path, "utf8")) as string[][];
  return {
    columns,
    rows: lines.map((line) => Object.fromEntries(columns.map((name, i) => [name, line[i] ?? ""]))),
  };
}

/** Decimal text in whole 10^-places. */
export function scaled(text: string, places: number): bigint {
  const [, sign = "", whole = "0", fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  return BigInt(`${sign}${whole}${fraction.padEnd(places, "0").slice(0, places)}`);
}

/** The sum of a column over some rows, in whole 10^-10. */
export function total(rows: readonly FocusRow[], column: string): bigint {
  return rows.reduce((sum, row) => sum + scaled(row[column] ?? "", 10), 0n);
}

const formats: Record<string, RegExp> = {
  DECIMAL: /^-?\d+(\.\d+)?$/,
  DATETIME: /^\d{4}-\d\d-\d\dT00:00:00Z$/,
  JSON: /^\{.*\}$/s,
  STRING: /\S/,
};

/** What the specification requires of one row when something else holds for it. */
const conditions: Record<string, (row: FocusRow, has: (column: string) => boolean) => boolean> = {
  "the charge lies in its billing period, which is a month": (row) => {
    const start = new Date(row.ChargePeriodStart ?? "");
    const month = Date.UTC(start.getUTCFullYear(), start.getUTCMonth(), 1);
    const next = Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1);
    return (
      Date.parse(row.BillingPeriodStart ?? "") === month && Date.parse(row.BillingPeriodEnd ?? "") === next
    );
  },
  "a charge is of one day": (row) =>
    Date.parse(row.ChargePeriodEnd ?? "") - Date.parse(row.ChargePeriodStart ?? "") === 86_400_000,
  "the currency is one of ISO 4217": (row) => /^[A-Z]{3}$/.test(row.BillingCurrency ?? ""),
  "what is used or bought has price, quantity, unit and SKU": (row, has) =>
    !["Usage", "Purchase"].includes(row.ChargeCategory ?? "") ||
    [
      "ListUnitPrice",
      "ContractedUnitPrice",
      "PricingQuantity",
      "PricingUnit",
      "PricingCategory",
      "SkuId",
      "SkuPriceId",
    ].every(has),
  "no unit without a quantity": (row, has) =>
    has("PricingQuantity") === has("PricingUnit") && has("ConsumedQuantity") === has("ConsumedUnit") && !!row,
  "only what was used is consumed": (row, has) =>
    has("ConsumedQuantity") === (row.ChargeCategory === "Usage" && row.CommitmentDiscountStatus !== "Unused"),
  "a purchase is not by usage": (row) =>
    row.ChargeCategory !== "Purchase" || row.ChargeFrequency !== "Usage-Based",
  "a commitment has category, type and, where used, status; nothing else has": (row, has) =>
    has("CommitmentDiscountId")
      ? has("CommitmentDiscountCategory") &&
        has("CommitmentDiscountType") &&
        has("CommitmentDiscountStatus") === (row.ChargeCategory === "Usage")
      : !has("CommitmentDiscountCategory") &&
        !has("CommitmentDiscountType") &&
        !has("CommitmentDiscountStatus"),
  "what a commitment covers is committed, and the purchase is not": (row, has) =>
    (row.PricingCategory === "Committed") === (has("CommitmentDiscountId") && row.ChargeCategory === "Usage"),
  "a commitment's purchase has no effective cost, and what it covers is not billed": (row) =>
    row.ChargeCategory === "Purchase"
      ? scaled(row.EffectiveCost ?? "", 10) === 0n
      : row.CommitmentDiscountStatus !== "Unused" || scaled(row.BilledCost ?? "", 10) === 0n,
  "names and types go with their ids": (_, has) =>
    has("SubAccountId") === has("SubAccountName") &&
    has("RegionId") === has("RegionName") &&
    has("ResourceId") === has("ResourceType") &&
    (has("ResourceId") || !has("ResourceName")),
  "prices are not negative": (row) => !`${row.ListUnitPrice}${row.ContractedUnitPrice}`.includes("-"),
  "list cost is list unit price times pricing quantity": (row) => isProduct(row, "List"),
  "contracted cost is contracted unit price times pricing quantity": (row) => isProduct(row, "Contracted"),
};

const conditionsSince12: typeof conditions = {
  "a commitment has its quantity and unit": (_, has) =>
    has("CommitmentDiscountId") === has("CommitmentDiscountQuantity") &&
    has("CommitmentDiscountQuantity") === has("CommitmentDiscountUnit"),
  "a capacity reservation that is used has its status": (row, has) =>
    has("CapacityReservationStatus") === (has("CapacityReservationId") && row.ChargeCategory === "Usage"),
  "details of a price go with the price, and what is metered with the SKU": (_, has) =>
    (!has("SkuPriceDetails") || has("SkuPriceId")) && has("SkuMeter") === has("SkuId"),
};

/** To a millionth: costs are rounded to ten places, and reservation prices too. */
function isProduct(row: FocusRow, kind: "List" | "Contracted"): boolean {
  const [cost, price, quantity] = [row[`${kind}Cost`], row[`${kind}UnitPrice`], row.PricingQuantity];
  if (!cost || !price || !quantity) return true;
  const difference = scaled(cost, 30) - scaled(price, 15) * scaled(quantity, 15);
  return (difference < 0n ? -difference : difference) <= 10n ** 24n;
}

/** What one value may only go with one of. */
const parents: [child: string, parent: string][] = [
  ["ServiceName", "ServiceCategory"],
  ["ServiceName", "ServiceSubcategory"],
  ["SkuPriceId", "SkuId"],
  ["SkuId", "ServiceName"],
];

/**
 * Where an export is not as data/reference/focus-columns.csv and the specification have it, at most a few lines
 * for each rule.
 */
export async function offences(
  version: FocusVersion,
  { columns, rows }: ReturnType<typeof readFocusCsv>,
): Promise<string[]> {
  const wanted = (await focusColumns(version)).filter((column) => column.left_out_because === "");
  const found: string[] = [];
  const names = wanted.map(({ column_name }) => column_name);
  if (columns.join() !== names.join()) found.push(`columns are ${columns.join()}, not ${names.join()}`);
  for (const { column_name: name, data_type, allows_nulls, allowed_values } of wanted) {
    const allowed = new Set(allowed_values.split("|"));
    const bad = rows.find((row) => {
      const value = row[name] ?? "";
      if (value === "") return allows_nulls === "false";
      if (!formats[data_type]?.test(value)) return true;
      if (data_type === "JSON" && !isKeyValue(value)) return true;
      return allowed_values !== "" && !allowed.has(value);
    });
    if (bad) found.push(`${name} is ${JSON.stringify(bad[name])}`);
  }
  const all = { ...conditions, ...(version === "1.2" ? conditionsSince12 : {}) };
  for (const [rule, holds] of Object.entries(all)) {
    const bad = rows.find((row) => !holds(row, (column) => (row[column] ?? "") !== ""));
    if (bad) found.push(`not so: ${rule}: ${JSON.stringify(bad)}`);
  }
  for (const [child, parent] of parents.filter((pair) => pair.every((name) => names.includes(name)))) {
    const known = new Map<string, string>();
    for (const row of rows) {
      const [key = "", value = ""] = [row[child], row[parent]];
      if ((known.get(key) ?? value) !== value) found.push(`${child} ${key} has several of ${parent}`);
      known.set(key, value);
    }
  }
  return found;
}

function isKeyValue(text: string): boolean {
  const value = JSON.parse(text) as Record<string, unknown>;
  return Object.values(value).every((item) => item === null || typeof item !== "object");
}
