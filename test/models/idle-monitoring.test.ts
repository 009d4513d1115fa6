import { expect, test, vi } from "vitest";
import { findingsOf, listed, runningVm } from "./idle-organization.ts";
import type { RawRow } from "./raw-tables.ts";

vi.setConfig({ testTimeout: 120_000 });

const rules = ["gpu_vm_low_utilization", "weekend_only_waste", "smaller_type_candidate"];
const prices = [
  "resource_type,billable_metric,project_id,region,reservation_id,unit_price,currency,effective_from,effective_to",
  "h100-80gb-sxm-ib.8x,gpu-hours,,,,4,USD,,",
  "l40s-48gb.4x,gpu-hours,,,,1.45,USD,,",
  "l40s-48gb.2x,gpu-hours,,,,1.45,USD,,",
].join("\n");
const vm_types = [
  { product_name: "h100-80gb-sxm-ib.8x", gpu_type: "H100", num_gpu: 8 },
  { product_name: "l40s-48gb.1x", gpu_type: "L40S", num_gpu: 1 },
  { product_name: "l40s-48gb.2x", gpu_type: "L40S", num_gpu: 2 },
  { product_name: "l40s-48gb.4x", gpu_type: "L40S", num_gpu: 4 },
  { product_name: "c1a.8x", gpu_type: null, num_gpu: 0 },
];

const hours = (from: string, count: number): number[] =>
  Array.from({ length: count }, (_, hour) => Date.parse(from) / 1000 + hour * 3600);
/** The week of 27 October (a Tuesday) to 2 November 2026, which is whole at the time of reading. */
const week = hours("2026-10-27T00:00:00Z", 7 * 24);
const isWeekend = (at: number) => [0, 6].includes(new Date(at * 1000).getUTCDay());

interface Series {
  metric: Record<string, string>;
  values: [at: number, value: string][];
}

/** A series as Prometheus answers it; its value may differ from hour to hour. */
const series = (
  labels: Record<string, string>,
  value: number | ((at: number) => number),
  at = week,
): Series => ({
  metric: { __name__: "gpu_utilization", ...labels },
  values: at.map((time) => [time, String(typeof value === "number" ? value : value(time))]),
});
const answer = (result: readonly Series[], more: RawRow = {}): RawRow[] =>
  result.map(({ metric, values }) => ({
    project_id: "alpha",
    from_date: "2026-10-27",
    to_date: "2026-11-03",
    labels: JSON.stringify(metric),
    points: values,
    _valid_from: "2026-11-03 00:10:00",
    ...more,
  }));
const monitored = (more: RawRow = {}): RawRow =>
  listed("metrics_timeseries", { window_from: "2026-10-27", window_to: "2026-11-03", ...more });
const vm = (id: string, more: RawRow = {}) => runningVm({ id, name: `name of ${id}`, ...more });

test("a GPU VM that is busy for less than the share of a week is found, however its series are labelled", async () => {
  const found = await findingsOf(
    ["gpu_vm_low_utilization"],
    {
      vm_types,
      read_windows: [listed("vms"), monitored()],
      vms: [
        vm("vm-a"),
        vm("vm-b", { type: "unpriced-gpu.2x" }),
        ...["vm-c", "vm-d", "vm-e", "vm-f", "vm-g", "vm-h", "vm-i"].map((id) => vm(id)),
        vm("vm-stopped", { state: "STATE_SHUTOFF" }),
        vm("vm-cpu", { type: "c1a.8x" }),
      ],
      metrics_timeseries: answer([
        // Two GPUs, one of which does 4 % and the other nothing; the memory beside them is full.
        series({ vm_id: "vm-a", gpu: "0" }, 4),
        series({ vm_id: "vm-a", gpu: "1" }, 0),
        { ...series({ vm_id: "vm-a" }, 99), metric: { __name__: "gpu_memory_utilization", vm_id: "vm-a" } },
        { ...series({}, 99), metric: { vm_id: "vm-a" } },
        // Just at the share, and just below it.
        series({ instance_id: "vm-c" }, 5),
        series({ instance: "vm-d:9400" }, 4.999),
        series({ vm_name: "name of vm-e" }, 1),
        // Not measured for long enough, and busy until two days ago.
        series({ resource_id: "vm-f" }, 0, week.slice(-71)),
        series({ vm_id: "vm-g" }, (at) => (at < (week[120] ?? 0) ? 50 : 0)),
        series({ vm_id: "vm-h" }, 0, week.slice(-72)),
        series({ vm_id: "vm-i" }, Number.NaN),
        series({ vm_id: "vm-stopped" }, 0),
        series({ vm_id: "vm-cpu" }, 0),
        series({ vm_id: "vm-unknown" }, 0),
      ]),
    },
    { "prices.csv": prices },
  );
  expect(found.map(({ resource_id }) => resource_id)).toEqual(["vm-a", "vm-d", "vm-e", "vm-h"]);
  expect(found[0]).toMatchObject({
    idle_since: "2026-10-27 00:00:00",
    // After three of its days there were hours enough.
    first_seen_at: "2026-10-30 00:00:00",
    severity: "high",
    // 8 × 4 × 730, of which 98 % were idle.
    monthly_waste_usd: "22892.8000000000",
    evidence:
      "Its 8 GPUs were busy 2.00 % of 168 hours measured from 2026-10-27 to 2026-11-02, less than 5.0 %; at today's price the idle share is 22892.80 USD in a month of 730 hours.",
  });
});

test("a share of 1 is told from a percentage by the metric's name or its highest value", async () => {
  const shared = (name: string, id: string, value: number) => ({
    ...series({}, value),
    metric: { __name__: name, vm_id: id },
  });
  const found = await findingsOf(["gpu_vm_low_utilization"], {
    vm_types,
    read_windows: [listed("vms"), monitored()],
    vms: ["vm-a", "vm-b", "vm-c", "vm-d"].map((id) => vm(id)),
    metrics_timeseries: answer([
      shared("gpu_util_a", "vm-a", 0.5),
      shared("gpu_util_a", "vm-b", 0.01),
      shared("gpu_util_percent", "vm-c", 0.5),
      shared("DCGM_FI_DEV_GPU_UTIL", "vm-d", 3),
    ]),
  });
  expect(found.map(({ resource_id, monthly_waste }) => [resource_id, monthly_waste])).toEqual([
    ["vm-b", null],
    ["vm-c", null],
    ["vm-d", null],
  ]);
  expect(found[0]?.evidence).toContain("busy 1.00 % of 168 hours");
  expect(found[0]?.evidence).toContain("; no price is in force for it.");
});

test("a VM that works on weekdays and idles over the weekend wastes its weekends; one that is down then does not", async () => {
  const found = await findingsOf(
    rules,
    {
      vm_types,
      read_windows: [listed("vms"), monitored()],
      vms: ["vm-a", "vm-b", "vm-c", "vm-d"].map((id) => vm(id)),
      metrics_timeseries: answer([
        series({ vm_id: "vm-a" }, (at) => (isWeekend(at) ? 1 : 60)),
        series({ vm_id: "vm-b" }, (at) => (isWeekend(at) ? 5 : 60)),
        series(
          { vm_id: "vm-c" },
          60,
          week.filter((at) => !isWeekend(at)),
        ),
        // Up for 35 hours of the weekend: an hour less than a day and a half.
        series({ vm_id: "vm-d" }, (at) => (isWeekend(at) ? 0 : 60), [
          ...week.filter((at) => !isWeekend(at)),
          ...week.filter(isWeekend).slice(0, 35),
        ]),
      ]),
    },
    { "prices.csv": prices },
  );
  expect(found).toMatchObject([
    {
      rule_id: "weekend_only_waste",
      resource_id: "vm-a",
      idle_since: "2026-10-31 00:00:00",
      first_seen_at: "2026-11-02 00:00:00",
      // 8 × 4 × 730 × 48 / 168, rounded half up
      monthly_waste_usd: "6674.2857142857",
      evidence:
        "Up for 48 hours of weekend from 2026-10-31 to 2026-11-01 with its GPUs busy 1.00 % of them, less than 5.0 %, but 60.00 % of 120 hours on weekdays; at today's price its weekends are 6674.29 USD in a month of 730 hours.",
    },
  ]);
});

test("a VM whose busiest hour leaves half of its GPUs idle is a candidate for the next smaller type on offer", async () => {
  const l40s = (id: string, type: string, more: RawRow = {}) => vm(id, { type, ...more });
  const found = await findingsOf(
    ["smaller_type_candidate"],
    {
      vm_types,
      read_windows: [listed("vms"), monitored()],
      vms: [
        l40s("vm-a", "l40s-48gb.4x"),
        l40s("vm-b", "l40s-48gb.4x"),
        l40s("vm-c", "l40s-48gb.2x"),
        l40s("vm-d", "l40s-48gb.1x"),
        l40s("vm-e", "h100-80gb-sxm-ib.8x"),
        l40s("vm-f", "l40s-48gb.4x", { reservation_id: "res-1" }),
      ],
      metrics_timeseries: answer([
        series({ vm_id: "vm-a" }, (at) => (at === week[40] ? 39.9 : 10)),
        // One hour is at 40 %.
        series({ vm_id: "vm-b" }, (at) => (at === week[40] ? 40 : 10)),
        ...["vm-c", "vm-d", "vm-e", "vm-f"].map((id) => series({ vm_id: id }, 10)),
      ]),
    },
    { "prices.csv": prices },
  );
  expect(found).toMatchObject([
    {
      resource_id: "vm-a",
      severity: "low",
      // (4 − 2) × 1.45 × 730
      monthly_waste_usd: "2117.0000000000",
      evidence:
        "Its 4 GPUs were busy 39.90 % in the busiest of 168 hours measured from 2026-10-27 to 2026-11-02, less than 40.0 %, so that the 2 GPUs of l40s-48gb.2x would do; at today's prices that saves 2117.00 USD in a month of 730 hours.",
    },
    { resource_id: "vm-c", monthly_waste: null, currency: null },
  ]);
  expect(found[1]?.evidence).toContain("the 1 GPU of l40s-48gb.1x would do; no price is in force for both");
});

test("without monitoring, with a reading that failed or is old, or with hours before the VM came up, all is silent", async () => {
  const projects = ["failed", "old", "not-offered", "unread", "started"].map((id) => ({ id }));
  const read = (project_id: string, more: RawRow = {}) => [
    listed("vms", { project_id }),
    monitored({ project_id, ...more }),
  ];
  const found = await findingsOf(rules, {
    projects,
    vm_types,
    read_windows: [
      ...read("failed"),
      ...read("failed", { status: "failed", attempted_at: "2026-11-03 02:00:00" }),
      ...read("old", { attempted_at: "2026-10-26 05:59:59" }),
      ...read("not-offered", { status: "not_offered" }),
      listed("vms", { project_id: "unread" }),
      ...read("started"),
    ],
    vms: projects.map(({ id }) =>
      vm(`vm-${id}`, { project_id: id, ...(id === "started" ? { created_at: "2026-10-31 00:00:01" } : {}) }),
    ),
    metrics_timeseries: projects.flatMap(({ id }) =>
      answer([series({ vm_id: `vm-${id}` }, 0)], { project_id: id }),
    ),
  });
  expect(found).toEqual([]);
});
