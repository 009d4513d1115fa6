import { expect, test, vi } from "vitest";
import { buildOrganization, type TestOrganization } from "./organization.ts";

vi.setConfig({ testTimeout: 120_000 });

const upToBilling = { select: "+fct_billing_comparison" };
const key = { usage_date: "2026-10-01", resource_type: "h100.8x", billable_metric: "gpu-hours" };
const rows: TestOrganization["rows"] = {
  usage: [
    { ...key, quantity: "100" },
    { ...key, quantity: "900", reservation_id: "res" },
    { ...key, project_id: "beta", quantity: "10" },
    { ...key, project_id: "gamma", quantity: "10" },
    { ...key, project_id: "delta", quantity: "10" },
    { ...key, resource_type: "t4.1x", quantity: "4" },
    { ...key, resource_type: "a100.8x", quantity: "5" },
    { ...key, resource_type: "l4.1x", quantity: "30" },
    // Not read in billing, and without a bill.
    { ...key, usage_date: "2026-10-05", quantity: "100" },
  ],
  vms: [
    {
      project_id: "alpha",
      id: "vm",
      name: "vm",
      type: "l4.1x",
      state: "RUNNING",
      location: "us-east1-a",
      billing_type: "spot",
    },
  ],
  resource_usage: [
    { ...key, resource_type: "l4.1x", quantity: "10", resource_id: "vm", resource_name: "vm" },
  ],
  billing_costs: [
    { ...key, billable_metric: "GPU_HOURS", quantity: "100", unit_price: "3", cost: "300" },
    { ...key, project_id: "beta", quantity: "10", unit_price: "3.5", cost: "35" },
    { ...key, project_id: "gamma", quantity: "9", unit_price: "3", cost: "27" },
    { ...key, project_id: "gone", quantity: "1", unit_price: "3", cost: "3" },
    { ...key, resource_type: "t4.1x", quantity: "4", unit_price: "0.5", cost: "2" },
    { ...key, resource_type: "a100.8x", quantity: "5", unit_price: "2", cost: "10" },
    { ...key, resource_type: "l4.1x", quantity: "30", unit_price: "0.7", cost: "17.0000000001" },
    // Today is still going on.
    { ...key, usage_date: "2026-11-03", quantity: "5", unit_price: "3", cost: "15" },
    // A bill that was replaced since.
    { ...key, quantity: "1", unit_price: "9", cost: "9", _known_to: "2026-11-03 00:20:00" },
  ],
};
const priceLines =
  "resource_type,reservation_id,unit_price,currency\nh100.8x,,3,\nh100.8x,res,2,\na100.8x,,2,EUR\nl4.1x,,0.6,\n";
const organization = (billing: string, more = ""): TestOrganization => ({
  rows,
  files: { "prices.csv": priceLines, "tally.toml": `[prices]\nbilling = "${billing}"\n${more}` },
});
const comparison = `
  select project_id, resource_type, usage_quantity::double as used, billed_quantity::double as billed_quantity,
    computed_cost::double as computed, billed_cost::double as billed, difference, status
  from marts.fct_billing_comparison order by project_id, resource_type`;
const expected = [
  ["alpha", "a100.8x", 5, 5, 10, 10, null, "other_currency"],
  ["alpha", "h100.8x", 100, 100, 300, 300, "0.0000000000", "same"],
  ["alpha", "l4.1x", 30, 30, 18, 17.0000000001, "-0.9999999999", "other_price"],
  ["alpha", "t4.1x", 4, 4, null, 2, null, "unpriced"],
  ["beta", "h100.8x", 10, 10, 30, 35, "5.0000000000", "other_price"],
  ["delta", "h100.8x", 10, null, 30, null, "-30.0000000000", "only_used"],
  ["gamma", "h100.8x", 10, 9, 30, 27, "-3.0000000000", "other_quantity"],
  ["gone", "h100.8x", null, 1, null, 3, "3.0000000000", "only_billed"],
];

test("what the API bills is compared with prices.csv by day, project and type, without what reservations cover", async () => {
  const analytics = await buildOrganization(organization("compare"), upToBilling);
  expect((await analytics.all(comparison)).map(Object.values)).toEqual(expected);
  expect(
    await analytics.all(
      "select distinct split_part(price_source, ':', 1) as s from marts.fct_cost_daily order by 1",
    ),
  ).toEqual([{ s: "prices.csv" }, { s: null }]);
});

test("where billing is preferred, cost is what is billed for the same quantity, and says so; the comparison stays", async () => {
  const analytics = await buildOrganization(organization("prefer"), upToBilling);
  expect((await analytics.all(comparison)).map(Object.values)).toEqual(expected);
  const costs = await analytics.all(`
    select project_id, resource_type, pricing_category, unit_price, cost, list_cost::double as list_cost, currency, price_source, computed_cost::double as computed_cost
    from marts.fct_cost_daily where usage_date = '2026-10-01' order by project_id, resource_type, pricing_category`);
  expect(costs.map(Object.values)).toEqual([
    ["alpha", "a100.8x", "on_demand", "2.00000000", "10.0000000000", null, "USD", "billing", 10],
    ["alpha", "h100.8x", "committed", "2.00000000", "1800.0000000000", 2700, "USD", "prices.csv:3", null],
    ["alpha", "h100.8x", "on_demand", "3.00000000", "300.0000000000", 300, "USD", "billing", 300],
    // 17.0000000001 over 30 units, 10 of them spot: to the last place, nothing is lost.
    ["alpha", "l4.1x", "on_demand", "0.56666667", "11.3333333334", 12, "USD", "billing", 12],
    ["alpha", "l4.1x", "spot", "0.56666667", "5.6666666667", 6, "USD", "billing", 6],
    ["alpha", "t4.1x", "on_demand", "0.50000000", "2.0000000000", null, "USD", "billing", null],
    ["beta", "h100.8x", "on_demand", "3.50000000", "35.0000000000", 30, "USD", "billing", 30],
    ["delta", "h100.8x", "on_demand", "3.00000000", "30.0000000000", 30, "USD", "prices.csv:2", null],
    ["gamma", "h100.8x", "on_demand", "3.00000000", "30.0000000000", 30, "USD", "prices.csv:2", null],
  ]);
});

test("billing that is ignored is nowhere, and its currency can be said", async () => {
  const ignored = await buildOrganization(organization("ignore"), upToBilling);
  expect(await ignored.all("select count(*)::integer as n from marts.fct_billing_comparison")).toEqual([
    { n: 0 },
  ]);
  const inEuros = await buildOrganization(organization("compare", 'billing_currency = "EUR"\n'), upToBilling);
  expect(
    await inEuros.all(
      "select status, difference from marts.fct_billing_comparison where resource_type in ('a100.8x', 'l4.1x') order by resource_type",
    ),
  ).toEqual([
    { status: "same", difference: "0.0000000000" },
    { status: "other_currency", difference: null },
  ]);
});

test("a day on which billing was read and had nothing shows what was used all the same", async () => {
  const analytics = await buildOrganization(
    {
      rows: {
        usage: [
          { ...key, quantity: "100" },
          { ...key, usage_date: "2026-10-02", quantity: "100" },
        ],
        read_windows: [
          {
            stream: "billing_costs",
            window_from: "2026-10-02",
            window_to: "2026-11-03",
            attempted_at: "2026-11-03 00:10:00",
          },
        ],
      },
      files: { "prices.csv": priceLines },
    },
    upToBilling,
  );
  expect(
    await analytics.all("select usage_date, status, difference from marts.fct_billing_comparison"),
  ).toEqual([{ usage_date: "2026-10-02", status: "only_used", difference: "-300.0000000000" }]);
});
