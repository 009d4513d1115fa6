import { expect, test, vi } from "vitest";
import { buildOrganization, type TestOrganization } from "./organization.ts";
import type { RawRow } from "./raw-tables.ts";

// Each build of a new warehouse takes about a second on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const upToDays = { select: "+fct_reservation_daily" };
const header =
  "resource_type,billable_metric,project_id,region,reservation_id,unit_price,currency,effective_from,effective_to";
const prices = (...lines: string[]) => ({ "prices.csv": [header, ...lines].join("\n") });
const h100Prices = prices(
  "h100-80gb-sxm-ib.8x,gpu-hours,,,,4,USD,,",
  "h100-80gb-sxm-ib.8x,gpu-hours,,,res-1,2.5,USD,,",
);
const types = [
  { product_name: "h100-80gb-sxm-ib.8x", gpu_type: "H100", num_gpu: 8 },
  { product_name: "a100-80gb.3x", gpu_type: "A100", num_gpu: 3 },
  { product_name: "c1a.8x", gpu_type: null, num_gpu: 0 },
];
const reservation = (more: RawRow = {}) => ({
  id: "res-1",
  product_line: "h100-80gb-sxm-ib.8x",
  quantity: 2,
  locations: ["us-east1-a"],
  contract_start_date: "2026-10-30",
  contract_end_date: "2027-10-29",
  _valid_from: "2026-10-01 00:10:00",
  ...more,
});
const usage = (more: RawRow = {}) => ({
  usage_date: "2026-11-02",
  resource_type: "h100-80gb-sxm-ib.8x",
  billable_metric: "gpu-hours",
  quantity: "288",
  reservation_id: "res-1",
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

const organization = (rows: TestOrganization["rows"], files: Record<string, string> = h100Prices) => ({
  now: "2026-11-03T06:00:00Z",
  rows: {
    projects: [{ id: "alpha", name: "Training" }],
    vm_types: types,
    read_windows: [readDays()],
    ...rows,
  },
  files,
});

async function days(rows: TestOrganization["rows"], files?: Record<string, string>) {
  const analytics = await buildOrganization(organization(rows, files), upToDays);
  return analytics.all("select * from marts.fct_reservation_daily order by reservation_id, usage_date");
}

test("a day of a reservation says what it held, what was drawn, what it cost and what it saved", async () => {
  const [found, ...others] = await days({
    reservations: [reservation({ contract_start_date: "2026-11-02" })],
    usage: [usage(), usage({ reservation_id: null, quantity: "96" })],
  });
  expect(others).toEqual([]);
  expect(found).toEqual({
    organization_id: "org",
    reservation_id: "res-1",
    usage_date: "2026-11-02",
    product_line: "h100-80gb-sxm-ib.8x",
    gpu_type: "H100",
    is_read_whole: true,
    // 2 × 8 GPUs × 24 hours
    reserved_gpu_hours: "384.000000000000",
    used_gpu_hours: "288.000000000000",
    unused_gpu_hours: "96.000000000000",
    overage_gpu_hours: "0.000000000000",
    utilisation: 0.75,
    // 288 of 288 + 96
    coverage: 0.75,
    on_demand_gpu_hours: "96.000000000000",
    unit_price: "2.5000000000",
    is_contract_price: true,
    committed_cost: "960.0000000000",
    used_cost: "720.0000000000",
    unused_cost: "240.0000000000",
    overage_cost: "0.0000000000",
    // 960 / 288
    effective_rate: "3.3333333333",
    on_demand_unit_price: "4.0000000000",
    break_even_utilisation: 0.625,
    // 288 × 4 − 960
    savings: "192.0000000000",
    currency: "USD",
    price_source: "prices.csv:3",
  });
});

test("days are those of the contract, from delivery to yesterday, at the size of each day's end", async () => {
  const found = await days({
    reservations: [
      // Grown on 1 November, at noon.
      reservation({ quantity: 1, date_delivered: "2026-10-31", _valid_to: "2026-11-01 12:00:00" }),
      reservation({ date_delivered: "2026-10-31", _valid_from: "2026-11-01 12:00:00" }),
      // Over since 31 October, and no longer listed.
      reservation({ id: "res-2", contract_end_date: "2026-10-31", _valid_to: "2026-11-01 00:10:00" }),
      // Ended before its time: gone by the read of 1 November.
      reservation({ id: "res-3", contract_start_date: "2026-10-31", _valid_to: "2026-11-01 00:10:00" }),
      // Without dates, or with dates that are not set, since it was first seen or used.
      reservation({
        id: "res-4",
        contract_start_date: null,
        contract_end_date: null,
        _valid_from: "2026-11-02 00:10:00",
      }),
      reservation({
        id: "res-5",
        contract_start_date: "0001-01-01",
        contract_end_date: "0001-01-01",
        _valid_from: "2026-11-02 00:10:00",
      }),
      reservation({ id: "res-6", contract_start_date: "2026-11-03" }),
      reservation({ id: "res-7", product_line: "c1a.8x" }),
    ],
    usage: [usage({ reservation_id: "res-5", usage_date: "2026-11-01" })],
  });
  const reserved = (id: string) =>
    found
      .filter((row) => row.reservation_id === id)
      .map((row) => [row.usage_date, Number(row.reserved_gpu_hours)]);
  expect(reserved("res-1")).toEqual([
    ["2026-10-31", 192],
    ["2026-11-01", 384],
    ["2026-11-02", 384],
  ]);
  expect(reserved("res-2")).toEqual([
    ["2026-10-30", 384],
    ["2026-10-31", 384],
  ]);
  expect(reserved("res-3")).toEqual([["2026-10-31", 384]]);
  expect(reserved("res-4")).toEqual([["2026-11-02", 384]]);
  expect(reserved("res-5")).toEqual([
    ["2026-11-01", 384],
    ["2026-11-02", 384],
  ]);
  expect([...reserved("res-6"), ...reserved("res-7")]).toEqual([]);
});

test("a day that was not read whole has its commitment, and nothing that rests on use", async () => {
  const [unread, read] = await days({
    reservations: [reservation({ contract_start_date: "2026-11-01" })],
    read_windows: [readDays({ window_from: "2026-11-02" })],
    usage: [usage({ usage_date: "2026-11-01" })],
  });
  expect(unread).toMatchObject({
    usage_date: "2026-11-01",
    is_read_whole: false,
    reserved_gpu_hours: "384.000000000000",
    committed_cost: "960.0000000000",
    unit_price: "2.5000000000",
    used_gpu_hours: null,
    unused_gpu_hours: null,
    overage_gpu_hours: null,
    utilisation: null,
    coverage: null,
    on_demand_gpu_hours: null,
    used_cost: null,
    unused_cost: null,
    effective_rate: null,
    savings: null,
  });
  // Read, and nothing was used: that is zero, and a rate over nothing is none.
  expect(read).toMatchObject({
    is_read_whole: true,
    used_gpu_hours: "0.000000000000",
    utilisation: 0,
    coverage: null,
    unused_cost: "960.0000000000",
    effective_rate: null,
    savings: "-960.0000000000",
  });
});

test("what is drawn beyond the reservation is told apart, and makes the committed hours no cheaper", async () => {
  const [found] = await days({
    reservations: [reservation({ contract_start_date: "2026-11-02" })],
    usage: [usage({ quantity: "400" })],
  });
  expect(found).toMatchObject({
    used_gpu_hours: "400.000000000000",
    unused_gpu_hours: "0.000000000000",
    overage_gpu_hours: "16.000000000000",
    committed_cost: "960.0000000000",
    used_cost: "960.0000000000",
    unused_cost: "0.0000000000",
    // 16 × 2.5
    overage_cost: "40.0000000000",
    effective_rate: "2.5000000000",
    // 384 × 4 − 960
    savings: "576.0000000000",
  });
});

test("a night adds the day that is over, and makes anew only that on which use is told otherwise", async () => {
  const analytics = await buildOrganization(
    organization({
      reservations: [reservation({ contract_start_date: "2026-10-31" })],
      usage: ["2026-10-31", "2026-11-01", "2026-11-02"].map((usage_date) => usage({ usage_date })),
    }),
    upToDays,
  );
  await analytics.insert("usage", [
    usage({ usage_date: "2026-11-01", reservation_id: null, quantity: "96" }),
  ]);
  analytics.context.effects.now = () => new Date("2026-11-04T06:00:00Z");
  const { models } = await analytics.build(upToDays);
  expect(models.find(({ name }) => name === "fct_reservation_daily")).toMatchObject({ daysRebuilt: 2 });
  expect(
    await analytics.all(
      "select usage_date, used_gpu_hours, coverage from marts.fct_reservation_daily order by usage_date",
    ),
  ).toEqual([
    { usage_date: "2026-10-31", used_gpu_hours: "288.000000000000", coverage: 1 },
    // 288 of 288 + 96
    { usage_date: "2026-11-01", used_gpu_hours: "288.000000000000", coverage: 0.75 },
    { usage_date: "2026-11-02", used_gpu_hours: "288.000000000000", coverage: 1 },
    // Of a day that was not read nothing is told.
    { usage_date: "2026-11-03", used_gpu_hours: null, coverage: null },
  ]);
});

test("two reservations of one type share coverage and keep their own use and price", async () => {
  const found = await days(
    {
      reservations: [
        reservation({ contract_start_date: "2026-11-02" }),
        reservation({
          id: "res-2",
          product_line: "h100-80gb-sxm-ib",
          quantity: 4,
          contract_start_date: "2026-11-02",
        }),
      ],
      usage: [
        usage({ quantity: "192" }),
        usage({ reservation_id: "res-2", quantity: "48" }),
        usage({ reservation_id: null, quantity: "80" }),
      ],
    },
    prices(
      "h100-80gb-sxm-ib.8x,gpu-hours,,,,4,USD,,",
      "h100-80gb-sxm-ib.8x,gpu-hours,,,res-1,2.5,USD,,2026-11-01",
      "h100-80gb-sxm-ib.8x,gpu-hours,,,res-1,2,EUR,2026-11-02,",
    ),
  );
  expect(found).toMatchObject([
    // (192 + 48) of 320. A list price in another currency is none.
    {
      reservation_id: "res-1",
      utilisation: 0.5,
      coverage: 0.75,
      committed_cost: "768.0000000000",
      currency: "EUR",
      on_demand_unit_price: null,
      savings: null,
      break_even_utilisation: null,
    },
    // 4 GPUs × 24. No line names it: what holds is the price of any such usage, which saves nothing.
    {
      reservation_id: "res-2",
      utilisation: 0.5,
      coverage: 0.75,
      committed_cost: "384.0000000000",
      unused_cost: "192.0000000000",
      is_contract_price: false,
      on_demand_unit_price: "4.0000000000",
      savings: null,
      break_even_utilisation: null,
      price_source: "prices.csv:2",
    },
  ]);
});

test("a price by the instance is shared by its GPUs, by integers, and without one nothing is invented", async () => {
  const rows = {
    reservations: [
      reservation({ product_line: "a100-80gb.3x", quantity: 1, contract_start_date: "2026-11-02" }),
    ],
    usage: [
      usage({ resource_type: "a100-80gb.3x", billable_metric: "VM Hours", quantity: "7.333333333333" }),
    ],
  };
  const [priced] = await days(
    rows,
    prices("a100-80gb.3x,instance-hours,,,res-1,10,USD,,", "a100-80gb.3x,instance-hours,,,,17,USD,,"),
  );
  expect(priced).toMatchObject({
    reserved_gpu_hours: "72.000000000000",
    used_gpu_hours: "21.999999999999",
    // 10 / 3
    unit_price: "3.3333333333",
    on_demand_unit_price: "5.6666666667",
    // 72 × 10 / 3, and 21.999999999999 × 10 / 3 = 73.33333333333
    committed_cost: "240.0000000000",
    used_cost: "73.3333333333",
    unused_cost: "166.6666666667",
    // 240 / 21.999999999999 = 10.909090909091404…
    effective_rate: "10.9090909091",
    // 21.999999999999 × 17 / 3 = 124.66666666666099… − 240
    savings: "-115.3333333333",
  });
  const [unpriced] = await days(rows, {});
  expect(unpriced).toMatchObject({
    used_gpu_hours: "21.999999999999",
    unit_price: null,
    is_contract_price: null,
    committed_cost: null,
    used_cost: null,
    unused_cost: null,
    effective_rate: null,
    savings: null,
    currency: "USD",
    price_source: null,
  });
});
