import { expect, test, vi } from "vitest";
import { findingsOf, listed, runningVm } from "./idle-organization.ts";
import type { RawRow } from "./raw-tables.ts";

vi.setConfig({ testTimeout: 120_000 });

const projects = [{ id: "alpha" }, { id: "failed" }];
const read_windows = [
  ...projects.flatMap(({ id }) => [
    listed("instance_groups", { project_id: id }),
    listed("vms", { project_id: id }),
  ]),
  listed("instance_groups", { attempted_at: "2026-10-16 00:10:00" }),
  listed("vms", { project_id: "failed", status: "failed", attempted_at: "2026-11-03 02:00:00" }),
];
const group = (id: string, more: RawRow = {}): RawRow => ({
  project_id: "alpha",
  id,
  name: `group ${id}`,
  state: "HEALTHY",
  template_id: "t",
  desired_count: 0,
  running_instance_count: 0,
  active_instances: [],
  inactive_instances: [],
  created_at: "2026-01-01 00:00:00",
  updated_at: "2026-10-20 12:00:00",
  _valid_from: "2026-10-23 00:10:00",
  ...more,
});
const prices = [
  "resource_type,billable_metric,project_id,region,reservation_id,unit_price,currency,effective_from,effective_to",
  "h100-80gb-sxm-ib.8x,gpu-hours,,,,4,USD,,",
  "c1a.8x,instance-hours,,,,0.32,USD,,",
].join("\n");
const vm_types = [
  { product_name: "h100-80gb-sxm-ib.8x", gpu_type: "H100", num_gpu: 8 },
  { product_name: "c1a.8x", gpu_type: null, num_gpu: 0 },
];

test("an instance group without VMs is found since it has none, wanted or not, after seven days", async () => {
  const found = await findingsOf(["empty_instance_group"], {
    projects,
    read_windows,
    instance_groups: [
      group("a-unwanted"),
      group("b-unfilled", { desired_count: 3 }),
      // Its VMs were seen to be there until the reading of 16 October.
      group("c-emptied", {
        running_instance_count: 1,
        active_instances: ["vm-9"],
        updated_at: "2026-09-01 00:00:00",
        _valid_from: "2026-09-02 00:10:00",
        _valid_to: "2026-10-23 00:10:00",
      }),
      group("c-emptied", { updated_at: "2026-09-01 00:00:00" }),
      group("d-just-yet", { updated_at: "2026-10-27 06:00:00", _valid_from: "2026-11-02 00:10:00" }),
      group("e-just-not", { updated_at: "2026-10-27 06:00:01", _valid_from: "2026-11-02 00:10:00" }),
      group("f-stopped", { inactive_instances: ["vm-8"] }),
      group("g-by-vm"),
      group("h-unknown", { project_id: "failed" }),
    ],
    vms: [runningVm({ id: "vm-1", instance_group_id: "g-by-vm", state: "STATE_SHUTOFF" })],
    instance_templates: [{ project_id: "alpha", id: "t", location: "us-east1-a" }],
  });
  expect(found).toMatchObject([
    {
      resource_kind: "instance_group",
      resource_id: "a-unwanted",
      resource_name: "group a-unwanted",
      location: "us-east1-a",
      idle_since: "2026-10-20 12:00:00",
      idle_days: 13,
      monthly_waste: null,
      severity: "low",
      last_seen_at: "2026-11-03 00:10:00",
      evidence:
        "The group has 0 VMs since 2026-10-20, 13 days, and 0 are wanted; without VMs no price applies to it.",
    },
    {
      resource_id: "b-unfilled",
      evidence:
        "The group has 0 VMs since 2026-10-20, 13 days, though 3 are wanted; without VMs no price applies to it.",
    },
    { resource_id: "c-emptied", idle_since: "2026-10-16 00:10:00" },
    { resource_id: "d-just-yet", idle_days: 7 },
  ]);
});

test("an instance group above its desired size wastes what its cheapest VMs too many cost, GPUs or not", async () => {
  const over = (id: string, desired: number, running: number, more: RawRow = {}) =>
    group(id, { desired_count: desired, running_instance_count: running, ...more });
  const member = (id: string, groupId: string, more: RawRow = {}) =>
    runningVm({ id, name: id, instance_group_id: groupId, ...more });
  const found = await findingsOf(
    ["instance_group_above_desired"],
    {
      projects,
      read_windows,
      vm_types,
      instance_groups: [
        over("a-mixed", 1, 3),
        over("b-unpriced", 0, 1),
        over("c-just-yet", 0, 1, { updated_at: "2026-11-02 06:00:00", _valid_from: "2026-11-03 00:10:00" }),
        over("d-just-not", 0, 1, { updated_at: "2026-11-02 06:00:01", _valid_from: "2026-11-03 00:10:00" }),
        over("e-as-wanted", 2, 2),
        over("f-below", 3, 2),
        over("g-unknown", 0, 1, { project_id: "failed" }),
        over("h-no-size", 0, 1, { desired_count: null }),
      ],
      vms: [
        member("vm-1", "a-mixed"),
        member("vm-2", "a-mixed", { type: "c1a.8x" }),
        member("vm-3", "a-mixed"),
        member("vm-4", "b-unpriced", { type: "s1a.40x" }),
      ],
    },
    { "prices.csv": prices },
  );
  expect(found).toMatchObject([
    {
      resource_id: "a-mixed",
      idle_since: "2026-10-20 12:00:00",
      severity: "high",
      // One of 8 GPUs × 4, and the CPU VM at 0.32, × 730.
      monthly_waste_usd: "23593.6000000000",
      counted_monthly_waste_usd: "23593.6000000000",
      evidence:
        "3 VMs are running where 1 is wanted, 2 too many, since 2026-10-20, 13 days; at today's prices the surplus is 23593.60 USD in a month of 730 hours.",
    },
    { resource_id: "b-unpriced", monthly_waste: null, currency: null },
    { resource_id: "c-just-yet", idle_days: 1 },
  ]);
  expect(found[1]?.evidence).toBe(
    "1 VM is running where 0 are wanted, 1 too many, since 2026-10-20, 13 days; no price is in force for all of its VMs.",
  );
});
