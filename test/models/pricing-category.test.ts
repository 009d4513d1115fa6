import { expect, test, vi } from "vitest";
import { buildOrganization } from "./organization.ts";

vi.setConfig({ testTimeout: 120_000 });

const usage = (more: Record<string, unknown>) => ({
  usage_date: "2026-10-01",
  resource_type: "h100.8x",
  billable_metric: "gpu-hours",
  ...more,
});
const vm = (id: string, more: Record<string, unknown>) => ({
  project_id: "alpha",
  id,
  name: id,
  type: "h100.8x",
  state: "RUNNING",
  location: "us-east1-a",
  billing_type: "on_demand",
  ...more,
});
const vms = [
  vm("calm", {}),
  vm("spot", { billing_type: "SPOT" }),
  vm("turned", { _valid_to: "2026-10-02 12:00:00" }),
  vm("turned", { billing_type: "BILLING_TYPE_PREEMPTIBLE", _valid_from: "2026-10-02 12:00:00" }),
  // A word that only begins so.
  vm("spotless", { billing_type: "spotless" }),
];
const used = (resource_id: string, usage_date: string, quantity: string, more = {}) =>
  usage({ resource_id, resource_name: resource_id, usage_date, quantity, ...more });

test("usage is committed, on demand or spot, split by the VMs behind it, and each part has its own price", async () => {
  const analytics = await buildOrganization({
    rows: {
      vms,
      resource_usage: [
        used("calm", "2026-10-01", "192"),
        used("spot", "2026-10-01", "10.000000000001"),
        used("spotless", "2026-10-01", "1"),
        used("turned", "2026-10-01", "24"),
        used("turned", "2026-10-02", "24"),
        // What a VM drew from a reservation is committed, whatever its billing type says.
        used("spot", "2026-10-02", "5", { reservation_id: "res" }),
        used("spot", "2026-10-03", "3", { billable_metric: "instance-hours" }),
      ],
      usage: [
        usage({ quantity: "227.000000000001" }),
        usage({ usage_date: "2026-10-02", quantity: "24" }),
        usage({ usage_date: "2026-10-02", quantity: "5", reservation_id: "res" }),
        usage({ usage_date: "2026-10-03", quantity: "4", billable_metric: "instance-hours" }),
        usage({ usage_date: "2026-10-04", quantity: "2", resource_type: "a100.8x-spot" }),
        usage({
          usage_date: "2026-10-05",
          quantity: "7",
          resource_type: "spotlight.1x",
          billable_metric: "instance-hours",
        }),
      ],
    },
    files: {
      "prices.csv": [
        "resource_type,billable_metric,project_id,reservation_id,pricing_category,unit_price",
        "h100.8x,gpu-hours,,,,4",
        "h100.8x,gpu-hours,alpha,,,3",
        ",,,,Spot,1.5",
        ",,,,on-demand,9",
        "h100.8x,,,,committed,2",
        "h100.8x,,,res,,1.25",
      ].join("\n"),
    },
  });
  expect(
    await analytics.all(`
      select usage_date, pricing_category, quantity, gpu_hours, unit_price::double as unit_price, cost, list_cost, price_source
      from marts.fct_cost_daily order by usage_date, pricing_category
    `),
  ).toEqual([
    {
      usage_date: "2026-10-01",
      pricing_category: "on_demand",
      quantity: "217.000000000000",
      gpu_hours: "217.000000000000",
      // The price that says how it is bought goes before the project's.
      unit_price: 9,
      cost: "1953.0000000000",
      list_cost: "1953.0000000000",
      price_source: "prices.csv:5",
    },
    {
      usage_date: "2026-10-01",
      pricing_category: "spot",
      quantity: "10.000000000001",
      gpu_hours: "10.000000000001",
      unit_price: 1.5,
      cost: "15.0000000000",
      list_cost: "90.0000000000",
      price_source: "prices.csv:4",
    },
    {
      usage_date: "2026-10-02",
      pricing_category: "committed",
      quantity: "5.000000000000",
      gpu_hours: "5.000000000000",
      unit_price: 1.25,
      cost: "6.2500000000",
      list_cost: "45.0000000000",
      price_source: "prices.csv:7",
    },
    {
      usage_date: "2026-10-02",
      pricing_category: "spot",
      quantity: "24.000000000000",
      gpu_hours: "24.000000000000",
      unit_price: 1.5,
      cost: "36.0000000000",
      list_cost: "216.0000000000",
      price_source: "prices.csv:4",
    },
    {
      usage_date: "2026-10-03",
      pricing_category: "on_demand",
      quantity: "1.000000000000",
      gpu_hours: "8.000000000000",
      unit_price: 9,
      cost: "9.0000000000",
      list_cost: "9.0000000000",
      price_source: "prices.csv:5",
    },
    {
      usage_date: "2026-10-03",
      pricing_category: "spot",
      quantity: "3.000000000000",
      gpu_hours: "24.000000000000",
      unit_price: 1.5,
      cost: "4.5000000000",
      list_cost: "27.0000000000",
      price_source: "prices.csv:4",
    },
    {
      usage_date: "2026-10-04",
      pricing_category: "spot",
      quantity: "2.000000000000",
      gpu_hours: "2.000000000000",
      unit_price: 1.5,
      cost: "3.0000000000",
      list_cost: "18.0000000000",
      price_source: "prices.csv:4",
    },
    {
      usage_date: "2026-10-05",
      pricing_category: "on_demand",
      quantity: "7.000000000000",
      gpu_hours: null,
      unit_price: 9,
      cost: "63.0000000000",
      list_cost: "63.0000000000",
      price_source: "prices.csv:5",
    },
  ]);
  expect(
    await analytics.all(
      "select test_name, failing_rows from meta.test where failing_rows > 0 and model_name = 'fct_cost_daily' or test_name = 'cost_covers_usage'",
    ),
  ).toEqual([{ test_name: "cost_covers_usage", failing_rows: "0" }]);
});

test("a price for spot alone prices nothing else, and one for all three prices spot too", async () => {
  const cost = async (lines: string[]) => {
    const analytics = await buildOrganization(
      {
        rows: {
          vms,
          resource_usage: [used("spot", "2026-10-01", "10")],
          usage: [usage({ quantity: "30" })],
        },
        files: { "prices.csv": ["pricing_category,unit_price", ...lines].join("\n") },
      },
      { select: "+fct_cost_daily" },
    );
    return analytics.all(
      "select pricing_category, cost::double as cost from marts.fct_cost_daily order by 1",
    );
  };
  expect(await cost(["spot,2"])).toEqual([
    { pricing_category: "on_demand", cost: null },
    { pricing_category: "spot", cost: 20 },
  ]);
  expect(await cost([",3"])).toEqual([
    { pricing_category: "on_demand", cost: 60 },
    { pricing_category: "spot", cost: 30 },
  ]);
});
