import { expect, test, vi } from "vitest";
import {
  allListed,
  disk,
  findingsOf,
  prices,
  readDays,
  runningVm,
  snapshot,
  usage,
} from "./idle-organization.ts";
import type { RawRow } from "./raw-tables.ts";

vi.setConfig({ testTimeout: 120_000 });

const lists = allListed("vms", "disks", "snapshots");
const ids = [
  "a-left",
  "b-just-yet",
  "c-just-not",
  "d-gap",
  "e-empty",
  "f-young",
  "g-failed",
  "h-unpriced",
  "i-gone",
  "j-large",
];
const storage = (project_id: string, more: RawRow = {}) =>
  usage({ project_id, resource_type: "persistent-ssd", billable_metric: "gib-hours", ...more });

test("a project in which no VM was used for 30 whole days is found, if it holds something or once did", async () => {
  const found = await findingsOf(
    ["project_without_usage"],
    {
      projects: ids.map((id) => ({
        id,
        name: `project ${id}`,
        ...(id === "i-gone" ? { _valid_to: "2026-11-01 00:10:00" } : {}),
      })),
      read_windows: [
        ...ids.flatMap((project_id) => [
          ...lists.map((read) => ({ ...read, project_id })),
          ...(project_id === "d-gap"
            ? [
                readDays({ project_id, window_to: "2026-10-10" }),
                readDays({ project_id, window_from: "2026-10-12" }),
              ]
            : [readDays({ project_id })]),
        ]),
        { stream: "projects", project_id: null, attempted_at: "2026-11-03 00:05:00" },
        { stream: "disks", project_id: "g-failed", status: "failed", attempted_at: "2026-11-03 02:00:00" },
      ],
      vms: [
        runningVm({ id: "vm-left", project_id: "a-left", state: "STATE_SHUTOFF" }),
        runningVm({ id: "vm-large", project_id: "j-large" }),
      ],
      disks: [
        disk({ id: "disk-left", project_id: "a-left" }),
        disk({ id: "disk-young", project_id: "f-young", created_at: "2026-10-05 00:00:00" }),
        disk({ id: "disk-failed", project_id: "g-failed" }),
        disk({
          id: "disk-large",
          project_id: "j-large",
          attached_to: [{ vm_id: "vm-large", attachment_type: "os" }],
        }),
        disk({ id: "disk-unpriced", project_id: "h-unpriced", type: "shared-volume" }),
      ],
      snapshots: [snapshot({ project_id: "a-left" })],
      usage: [
        usage({ project_id: "a-left", usage_date: "2026-09-20" }),
        // What is stored is no use, and nor is a day with nothing.
        storage("a-left"),
        usage({ project_id: "a-left", quantity: "0" }),
        usage({ project_id: "b-just-yet", usage_date: "2026-10-03" }),
        usage({ project_id: "c-just-not", usage_date: "2026-10-04" }),
        usage({ project_id: "d-gap", usage_date: "2026-09-20" }),
        usage({ project_id: "i-gone", usage_date: "2026-09-20" }),
      ],
    },
    { "prices.csv": prices },
  );
  expect(found).toMatchObject([
    {
      resource_kind: "project",
      resource_id: "a-left",
      resource_name: "project a-left",
      project_id: "a-left",
      location: null,
      idle_since: "2026-09-21 00:00:00",
      idle_days: 43,
      first_seen_at: "2026-10-21 00:00:00",
      last_seen_at: "2026-11-03 00:05:00",
      severity: "medium",
      // 1024 × 0.0001 × 730 + 100 × 0.00005 × 730; the disk is counted as one that is attached to nothing.
      monthly_waste_usd: "78.4020000000",
      counted_monthly_waste_usd: "3.6500000000",
      evidence:
        "No VM was used from 2026-09-21 to 2026-11-02, 43 whole days, and last on 2026-09-20; it holds 1 VM, 1 disk and 1 snapshot; at today's prices its storage is 78.40 USD in a month of 730 hours.",
    },
    {
      resource_id: "b-just-yet",
      idle_days: 30,
      monthly_waste: null,
      evidence:
        "No VM was used from 2026-10-04 to 2026-11-02, 30 whole days, and last on 2026-10-03; it holds 0 VMs, 0 disks and 0 snapshots, so that no price applies.",
    },
    {
      resource_id: "h-unpriced",
      idle_since: "2026-09-01 00:00:00",
      monthly_waste: null,
      evidence:
        "No VM was used from 2026-09-01 to 2026-11-02, 63 whole days, nor ever before as far as was read; it holds 0 VMs, 1 disk and 0 snapshots; no price is in force for 1 of them.",
    },
    {
      resource_id: "j-large",
      monthly_waste: "74.7520000000",
      // What its OS disk has above 512 GiB is counted as that already: the other half of its 1,024 is not.
      counted_monthly_waste: "37.3760000000",
      overlaps_rule_id: "oversized_os_disk",
    },
  ]);
});
