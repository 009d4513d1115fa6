import { expect, test, vi } from "vitest";
import { buildOrganization } from "./organization.ts";
import type { RawRow } from "./raw-tables.ts";

// Each build of a new warehouse takes about a second on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const now = "2026-11-03T06:00:00Z";
const header =
  "resource_type,billable_metric,project_id,region,reservation_id,unit_price,currency,effective_from,effective_to";
const types = [
  { product_name: "h100-80gb-sxm-ib.8x", gpu_type: "H100", num_gpu: 8 },
  { product_name: "a100-80gb.4x", gpu_type: "A100", num_gpu: 4 },
  { product_name: "l40s-48gb.2x", gpu_type: "L40S", num_gpu: 2 },
];
const projects = [{ id: "alpha", name: "Training" }];
const day = (offset: number) => new Date(Date.UTC(2026, 9, 20 + offset)).toISOString().slice(0, 10);
const usage = (usage_date: string, quantity: number, more: RawRow = {}) => ({
  usage_date,
  resource_type: "h100-80gb-sxm-ib.8x",
  billable_metric: "gpu-hours",
  quantity: String(quantity),
  ...more,
});
const readDays = (more: RawRow = {}) => ({
  stream: "usage",
  project_id: "alpha",
  window_from: "2026-10-01",
  window_to: "2026-11-03",
  attempted_at: "2026-11-03 00:10:00",
  ...more,
});
const reservation = (more: RawRow = {}) => ({
  id: "res-1",
  product_line: "h100-80gb-sxm-ib.8x",
  quantity: 2,
  locations: ["us-east1-a"],
  contract_start_date: "2026-10-20",
  contract_end_date: "2026-11-12",
  _valid_from: "2026-10-20 00:10:00",
  ...more,
});

test("a reservation says its days left, its use, what it cost, will cost and saved, and from what use on it pays", async () => {
  const analytics = await buildOrganization(
    {
      now,
      rows: {
        projects,
        vm_types: types,
        // 20 October was never read.
        read_windows: [readDays({ window_from: "2026-10-21" })],
        reservations: [
          reservation(),
          reservation({ id: "res-2", contract_end_date: null, product_line: "a100-80gb.4x" }),
          reservation({ id: "res-3", contract_end_date: "2026-10-31", _valid_to: "2026-11-01 00:10:00" }),
          reservation({ id: "res-4", _valid_to: "2026-11-01 00:10:00" }),
          reservation({ id: "res-5", contract_start_date: "2026-11-11" }),
          reservation({ id: "res-6", product_line: "a100-80gb", quantity: 4 }),
        ],
        usage: [
          // Full on the six days from the 21st on, once beyond what is reserved; half on the last seven.
          ...[1, 2, 3, 4, 5].map((at) => usage(day(at), 384, { reservation_id: "res-1" })),
          usage(day(6), 400, { reservation_id: "res-1" }),
          ...[7, 8, 9, 10, 11, 12, 13].map((at) => usage(day(at), 192, { reservation_id: "res-1" })),
        ],
      },
      files: {
        "prices.csv": [
          header,
          "h100-80gb-sxm-ib.8x,gpu-hours,,,,4,USD,,",
          "h100-80gb-sxm-ib.8x,gpu-hours,,,res-1,2.5,USD,,2026-11-07",
          "h100-80gb-sxm-ib.8x,gpu-hours,,,res-1,2,USD,2026-11-08,",
          "h100-80gb-sxm-ib.8x,gpu-hours,,,res-3,3,USD,,",
          "h100-80gb-sxm-ib.8x,gpu-hours,,,res-5,1,USD,,2026-11-11",
          "a100-80gb.4x,instance-hours,,,res-6,8,EUR,,",
        ].join("\n"),
      },
    },
    { select: "+fct_reservation_status" },
  );
  const found = await analytics.all("select * from marts.fct_reservation_status order by reservation_id");
  expect(found[0]).toEqual({
    organization_id: "org",
    reservation_id: "res-1",
    product_line: "h100-80gb-sxm-ib.8x",
    gpu_type: "H100",
    status: "running",
    reserved_gpus: 16,
    contract_first_date: "2026-10-20",
    contract_end_date: "2026-11-12",
    // 3 to 12 November
    days_left: 10,
    read_days_7d: 7,
    utilisation_7d: 0.5,
    read_days_28d: 13,
    // 6 × 384 + 7 × 192 of 13 × 384
    utilisation_28d: 3648 / 4992,
    read_days_90d: 13,
    utilisation_90d: 3648 / 4992,
    unit_price: "2.5000000000",
    is_contract_price: true,
    on_demand_unit_price: "4.0000000000",
    break_even_utilisation: 0.625,
    // 4992 × 2.5 / 3648
    effective_rate_90d: "3.4210526316",
    // (4992 − 3648) × 2.5
    unused_cost_90d: "3360.0000000000",
    // 3648 × 4 − 12480
    savings_90d: "2112.0000000000",
    // 14 days × 384 × 2.5, read or not
    committed_cost_to_date: "13440.0000000000",
    // 5 days × 384 × 2.5 + 5 days × 384 × 2
    committed_cost_to_come: "8640.0000000000",
    currency: "USD",
    price_source: "prices.csv:3",
    message: null,
  });
  expect(found.slice(1)).toMatchObject([
    {
      reservation_id: "res-2",
      status: "running",
      days_left: null,
      utilisation_7d: 0,
      unit_price: null,
      committed_cost_to_date: null,
      committed_cost_to_come: null,
      message: "No price is in force: add a line to prices.csv with reservation_id res-2.",
    },
    // 12 days × 384 × 3, of which the first was not read
    {
      reservation_id: "res-3",
      status: "ended",
      days_left: 0,
      read_days_28d: 11,
      committed_cost_to_date: "13824.0000000000",
      committed_cost_to_come: "0.0000000000",
      unused_cost_90d: "12672.0000000000",
      effective_rate_90d: null,
    },
    {
      reservation_id: "res-4",
      status: "gone",
      days_left: 0,
      is_contract_price: false,
      // 12 days × 384 × 4
      committed_cost_to_date: "18432.0000000000",
      savings_90d: null,
      message:
        "No line of prices.csv names it, so its price is that of any such usage: add one with reservation_id res-4.",
    },
    // Priced for the first of its two days only, the other by the list.
    {
      reservation_id: "res-5",
      status: "upcoming",
      days_left: 2,
      read_days_90d: 0,
      utilisation_90d: null,
      committed_cost_to_date: null,
      // 384 × 1 + 384 × 4
      committed_cost_to_come: "1920.0000000000",
    },
    // 4 GPUs at 8 by the instance of 4: 2 by the GPU; 14 days × 96 × 2
    {
      reservation_id: "res-6",
      reserved_gpus: 4,
      unit_price: "2.0000000000",
      committed_cost_to_date: "2688.0000000000",
      currency: "EUR",
      on_demand_unit_price: null,
      message: "No list price in the same currency is in force, so nothing tells what it saves.",
    },
  ]);
});

test("other sizes and kinds of reservation are priced over the days that were read, beside what was paid", async () => {
  /** GPUs in use on the ten days from 24 October to 2 November. */
  const gpus = [8, 16, 8, 16, 40, 16, 8, 20, 24, 16];
  const analytics = await buildOrganization(
    {
      now,
      rows: {
        projects,
        vm_types: types,
        read_windows: [readDays({ window_from: "2026-10-24" })],
        reservations: [
          reservation({ quantity: 1 }),
          reservation({ id: "res-2", product_line: "l40s-48gb", quantity: 4 }),
        ],
        usage: [
          // One node is reserved and full; what lies beyond runs on demand. A day before those read counts nowhere.
          ...gpus.map((_, at) => usage(day(at + 4), 192, { reservation_id: "res-1" })),
          ...gpus.flatMap((count, at) => (count > 8 ? [usage(day(at + 4), (count - 8) * 24)] : [])),
          usage(day(0), 5000),
          usage(day(5), 30, { resource_type: "a100-80gb.4x", billable_metric: "Instance Hours" }),
        ],
      },
      files: {
        "prices.csv": [
          header,
          "h100-80gb-sxm-ib.8x,gpu-hours,,,,4,USD,,",
          "h100-80gb-sxm-ib.8x,gpu-hours,,,res-1,2.5,USD,,",
          "h100-80gb-sxm-ib.8x,,,,three-years,2,USD,,",
          "h100-80gb-sxm-ib.8x,gpu-hours,,,old,1,USD,,2026-07-01",
          "a100-80gb.4x,instance-hours,,,,10,USD,,",
          "l40s-48gb.2x,gpu-hours,,,res-2,1,EUR,,",
        ].join("\n"),
      },
    },
    { select: "+fct_reservation_scenarios" },
  );
  const found = await analytics.all(`
    select *, total_cost::decimal(18, 2)::varchar as total, difference_to_actual::decimal(18, 2)::varchar as difference
    from marts.fct_reservation_scenarios order by product_line, price_source nulls first, reserved_gpus
  `);
  const h100 = found.filter((row) => row.product_line === "h100-80gb-sxm-ib");
  const brief = (row: Record<string, unknown>) => [
    row.price_source,
    row.reserved_gpus,
    row.size_basis,
    row.total,
    row.difference,
    row.is_cheapest,
  ];
  // In order: 8 8 8 16 16 16 16 20 24 40, 172 in all, of which places 1, 3, 5, 8, 9 and 10 are the percentiles.
  expect(h100.map(brief)).toEqual([
    // 172 × 24 × 4
    [null, 0, "none", "16512.00", "2880.00", false],
    // 8 × 240 × 2.5 + (172 − 80) × 24 × 4, which is what was paid
    ["prices.csv:3", 8, "current, p10, p25", "13632.00", "0.00", false],
    // 16 × 240 × 2.5 + (4 + 8 + 24) × 24 × 4
    ["prices.csv:3", 16, "p50", "13056.00", "-576.00", false],
    // 20 are three nodes: 24 × 240 × 2.5 + 16 × 24 × 4
    ["prices.csv:3", 24, "p75, p90", "15936.00", "2304.00", false],
    ["prices.csv:3", 40, "max", "24000.00", "10368.00", false],
    // The same at 2
    ["prices.csv:4", 8, "current, p10, p25", "12672.00", "-960.00", false],
    ["prices.csv:4", 16, "p50", "11136.00", "-2496.00", true],
    ["prices.csv:4", 24, "p75, p90", "13056.00", "-576.00", false],
    ["prices.csv:4", 40, "max", "19200.00", "5568.00", false],
  ]);
  expect(h100[2]).toMatchObject({
    gpu_type: "H100",
    unit_price: "2.5000000000",
    first_date: "2026-10-24",
    last_date: "2026-11-02",
    read_days: 10,
    node_gpus: 8,
    used_gpu_hours: "4128.000000000000",
    committed_gpu_hours: "3840.000000000000",
    // 4128 − 36 × 24
    covered_gpu_hours: "3264.000000000000",
    overflow_gpu_hours: "864.000000000000",
    utilisation: 0.85,
    committed_cost: "9600.0000000000",
    overflow_cost: "3456.0000000000",
    total_cost: "13056.0000000000",
    actual_cost: "13632.0000000000",
    difference_to_actual: "-576.0000000000",
    currency: "USD",
    message: null,
  });
  // 30 instance-hours of 4 GPUs on one of ten days: 5 GPUs, which are two nodes; 30 × 10 on demand.
  const a100 = found.filter((row) => row.product_line === "a100-80gb");
  expect(a100.map(brief)).toEqual([
    [null, 0, "none, current, p10, p25, p50, p75, p90", "300.00", "0.00", true],
    [null, 8, "max", null, null, false],
  ]);
  expect(a100[1]?.message).toBe(
    "No line of prices.csv names a reservation of a100-80gb: add one with resource_type, reservation_id and unit_price.",
  );
  // Reserved and never used: without it, nothing would have been paid. 4 × 240 × 1
  expect(found.filter((row) => row.product_line === "l40s-48gb")).toMatchObject([
    {
      reserved_gpus: 0,
      total_cost: "0.0000000000",
      difference_to_actual: "-960.0000000000",
      is_cheapest: true,
    },
    {
      reserved_gpus: 4,
      size_basis: "current",
      utilisation: 0,
      total_cost: "960.0000000000",
      currency: "EUR",
    },
  ]);
});
