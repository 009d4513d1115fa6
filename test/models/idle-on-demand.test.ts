import { expect, test, vi } from "vitest";
import { findingsOf, listed, readDays, runningVm, usage } from "./idle-organization.ts";
import type { RawRow } from "./raw-tables.ts";

vi.setConfig({ testTimeout: 120_000 });

const prices = [
  "resource_type,billable_metric,project_id,region,reservation_id,pricing_category,unit_price,currency,effective_from,effective_to",
  "h100-80gb-sxm-ib.8x,gpu-hours,,,,,4,USD,,",
  "h100-80gb-sxm-ib.8x,gpu-hours,,,,spot,1.5,USD,,",
  "a100-80gb.4x,gpu-hours,,,,,2,USD,,",
].join("\n");
const vm_types = [
  { product_name: "h100-80gb-sxm-ib.8x", gpu_type: "H100", num_gpu: 8 },
  { product_name: "a100-80gb.4x", gpu_type: "A100", num_gpu: 4 },
];
const reservation = (id: string, more: RawRow = {}): RawRow => ({
  id,
  product_line: "h100-80gb-sxm-ib",
  quantity: 16,
  locations: ["us-east1-a"],
  contract_start_date: "2026-01-01",
  contract_end_date: "2026-12-31",
  _valid_from: "2026-10-01 00:10:00",
  ...more,
});
const days = (count: number): string[] =>
  Array.from({ length: count }, (_, at) =>
    new Date(Date.UTC(2026, 10, 2 - at)).toISOString().slice(0, 10),
  ).reverse();

test("on-demand use beside a reservation of the same line and place wastes its price, up to what lies unused", async () => {
  const found = await findingsOf(
    ["on_demand_beside_unused_reservation"],
    {
      vm_types,
      read_windows: [readDays({ window_from: "2026-10-20" })],
      reservations: [
        // Of 384 hours a day 192 are drawn, so that 192 lie unused.
        reservation("res-used"),
        // Its 24 hours a day lie unused as well, but the other one has more left.
        reservation("res-small", { quantity: 1 }),
        reservation("res-elsewhere", { locations: ["eu-iceland1-a"] }),
        reservation("res-other-line", { product_line: "a100-80gb" }),
        reservation("res-over", { contract_end_date: "2026-11-02" }),
      ],
      usage: [
        ...days(14).map((usage_date) => usage({ usage_date, reservation_id: "res-used", quantity: "192" })),
        // Eight GPUs on each of seven days, and on one of them three times as many as lie unused.
        ...days(7).map((usage_date, at) => usage({ usage_date, quantity: at === 0 ? "576" : "192" })),
        usage({ resource_type: "c1a.8x", billable_metric: "instance-hours", quantity: "24" }),
      ],
    },
    { "prices.csv": prices },
  );
  expect(found).toMatchObject([
    {
      resource_kind: "reservation",
      resource_id: "res-used",
      resource_name: "h100-80gb-sxm-ib",
      project_id: null,
      location: "us-east1-a",
      idle_since: "2026-10-27 00:00:00",
      first_seen_at: "2026-10-29 00:00:00",
      severity: "high",
      // 7 × 192 × 4 on 14 days, in 730 hours
      monthly_waste_usd: "11680.0000000000",
      evidence:
        "1344.00 GPU-hours ran on demand beside 2688.00 unused ones of the reservation, on 7 of 14 days from 2026-10-20 to 2026-11-02; the first was 2026-10-27; at the prices of their days they are 11680.00 USD in a month of 730 hours.",
    },
  ]);
});

test("less than one GPU on average, a single day, or days that were not read whole are no finding", async () => {
  const beside = async (quantities: readonly string[], window_from = "2026-10-20") =>
    findingsOf(
      ["on_demand_beside_unused_reservation"],
      {
        vm_types,
        read_windows: [readDays({ window_from })],
        reservations: [reservation("res-1")],
        usage: days(quantities.length).map((usage_date, at) =>
          usage({ usage_date, quantity: quantities[at] }),
        ),
      },
      { "prices.csv": prices },
    );
  // One GPU on fourteen days is 336 GPU-hours.
  expect(await beside(["168", "167.999"])).toEqual([]);
  expect(await beside(["168", "168"])).toMatchObject([{ monthly_waste_usd: "2920.0000000000" }]);
  expect(await beside(["384"])).toEqual([]);
});

test("an on-demand GPU VM that can be interrupted is a candidate for spot where that is priced lower", async () => {
  const started = (id: string, times: number, more: RawRow = {}): RawRow[] =>
    Array.from({ length: times }, (_, at) => ({
      project_id: "alpha",
      operation_id: `${id}-${at}`,
      state: "SUCCEEDED",
      started_at: `2026-10-${10 + at} 08:00:00`,
      completed_at: `2026-10-${10 + at} 08:01:00`,
      metadata: { type: "START", resource_id: id },
      _valid_from: "2026-10-30 00:10:00",
      ...more,
    }));
  const found = await findingsOf(
    ["spot_candidate"],
    {
      vm_types,
      read_windows: [listed("vms"), listed("vm_operations")],
      vms: [
        runningVm({ id: "a-grouped", instance_group_id: "g-1" }),
        runningVm({ id: "b-started" }),
        runningVm({ id: "c-seldom" }),
        runningVm({ id: "d-spot", instance_group_id: "g-1", billing_type: "spot" }),
        runningVm({ id: "e-reserved", instance_group_id: "g-1", reservation_id: "res-1" }),
        runningVm({ id: "f-same-price", instance_group_id: "g-1", type: "a100-80gb.4x" }),
        runningVm({ id: "g-stopped", instance_group_id: "g-1", state: "STATE_SHUTOFF" }),
        runningVm({ id: "h-failed" }),
        runningVm({
          id: "i-young",
          instance_group_id: "g-1",
          created_at: "2026-11-02 06:00:01",
          _valid_from: "2026-11-03 00:10:00",
        }),
      ],
      instance_groups: [{ project_id: "alpha", id: "g-1", name: "serving" }],
      vm_operations: [
        ...started("b-started", 3),
        ...started("c-seldom", 2),
        ...started("h-failed", 3, { state: "FAILED" }),
      ],
    },
    { "prices.csv": prices },
  );
  expect(found).toMatchObject([
    {
      resource_id: "a-grouped",
      idle_since: "2026-01-01 00:00:00",
      severity: "low",
      // 8 × (4 − 1.5) × 730
      monthly_waste_usd: "14600.0000000000",
      evidence:
        "Up on demand since 2026-01-01 in the group serving, which would replace it; spot is priced 1.5 where on demand is 4, which saves 14600.00 USD in a month of 730 hours.",
    },
    {
      resource_id: "b-started",
      evidence:
        "Up on demand since 2026-01-01, and started 3 times in the last 30 days; spot is priced 1.5 where on demand is 4, which saves 14600.00 USD in a month of 730 hours.",
    },
  ]);
});
