import { expect, test, vi } from "vitest";
import { buildOrganization } from "./organization.ts";

vi.setConfig({ testTimeout: 60_000 });

test("what stands now comes to what a hand reckons, in a month of 730 hours at today's prices", async () => {
  const place = { project_id: "alpha", location: "us-east1-a", created_at: "2026-10-04 05:00:00" };
  const analytics = await buildOrganization({
    now: "2026-11-03T06:00:00Z",
    rows: {
      organizations: [{ id: "org" }],
      projects: [{ id: "alpha", name: "Training" }],
      vm_types: [
        { product_name: "h100-80gb-sxm-ib.8x", gpu_type: "H100", num_gpu: 8 },
        { product_name: "c1a.8x", gpu_type: null, num_gpu: 0 },
      ],
      vms: [
        { ...place, id: "vm-1", name: "node", type: "h100-80gb-sxm-ib.8x", state: "STATE_RUNNING" },
        { ...place, id: "vm-2", name: "asleep", type: "c1a.8x", state: "STATE_SHUTOFF" },
        { ...place, id: "vm-3", name: "unpriced", type: "mystery.1x", state: "STATE_RUNNING" },
      ],
      disks: [{ ...place, id: "disk-1", name: "scratch", type: "persistent-ssd", size: "1024GiB" }],
      reservations: [
        {
          id: "res-1",
          product_line: "h100-80gb-sxm-ib.8x",
          quantity: 2,
          contract_start_date: "2026-10-30",
          contract_end_date: "2027-10-29",
        },
        {
          id: "res-2",
          product_line: "h100-80gb-sxm-ib.8x",
          quantity: 1,
          contract_start_date: "2026-12-01",
          contract_end_date: "2027-10-29",
        },
      ],
    },
    files: {
      "prices.csv": [
        "resource_type,billable_metric,project_id,region,reservation_id,unit_price,currency,effective_from,effective_to",
        "h100-80gb-sxm-ib.8x,gpu-hours,,,,2.49,USD,,2026-10-31",
        "h100-80gb-sxm-ib.8x,gpu-hours,,,,2.5,USD,2026-11-01,",
        "h100-80gb-sxm-ib.8x,gpu-hours,,,res-1,1.83333333,USD,,",
        "c1a.8x,instance-hours,,,,0.33333333,USD,,",
        "persistent-ssd,gib-hours,,,,0.00010959,EUR,,",
      ].join("\n"),
    },
  });
  expect(
    await analytics.all(
      "select resource_id, state, gpus, size_gib, age_days, monthly_cost, currency from marts.fct_inventory order by resource_id",
    ),
  ).toEqual([
    // 1024 × 0.00010959 × 730
    row("disk-1", "unattached", null, "1024.000000000", 30, "81.9207168000", "EUR"),
    // 16 × 1.83333333 × 730
    row("res-1", "running", 16, null, 4, "21413.3332944000", "USD"),
    row("res-2", "upcoming", 8, null, null, null, null),
    // 8 × 2.5 × 730, at the price of today and not of last month
    row("vm-1", "running", 8, null, 30, "14600.0000000000", "USD"),
    // Only its disks are billed.
    row("vm-2", "stopped", 0, null, 30, "0.0000000000", "USD"),
    row("vm-3", "running", 0, null, 30, null, null),
  ]);
});

function row(
  resource_id: string,
  state: string,
  gpus: number | null,
  size_gib: string | null,
  age_days: number | null,
  monthly_cost: string | null,
  currency: string | null,
) {
  return { resource_id, state, gpus, size_gib, age_days, monthly_cost, currency };
}
