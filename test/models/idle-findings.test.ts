import { describe, expect, test, vi } from "vitest";
import { allListed, disk, findingsBy, findingsOf, listed, now, prices, vm } from "./idle-organization.ts";
import { buildOrganization } from "./organization.ts";

// Each build of a new warehouse takes about a second on a busy machine, and some tests do many.
vi.setConfig({ testTimeout: 120_000 });

describe("a finding", () => {
  const findings = findingsBy("unattached_disk");
  const disks = [disk({}), disk({ id: "disk-2" })];
  const status = async (...lines: string[]) =>
    (
      await findings(
        { disks },
        { "suppressions.csv": ["rule_id,resource_id,until,reason", ...lines].join("\n") },
      )
    ).map((row) => row.status);

  test("is suppressed by rule, resource or both, until the day named", async () => {
    expect(await status()).toEqual(["open", "open"]);
    expect(await status("unattached_disk,disk-1,2026-11-03,audit")).toEqual(["suppressed", "open"]);
    expect(await status("unattached_disk,disk-1,2026-11-02,audit")).toEqual(["open", "open"]);
    expect(await status("orphaned_snapshot,disk-1,,")).toEqual(["open", "open"]);
    expect(await status(",disk-2,,kept")).toEqual(["open", "suppressed"]);
    expect(await status("unattached_disk,,,")).toEqual(["suppressed", "suppressed"]);
  });

  test("in another currency has its waste in that, and none in US dollars", async () => {
    expect(
      await findings({ disks: [disk({})] }, { "prices.csv": prices.replaceAll("USD", "EUR") }),
    ).toMatchObject([{ monthly_waste_usd: null, monthly_waste: "74.7520000000", currency: "EUR" }]);
  });

  test("without prices is there, unpriced", async () => {
    expect(await findings({ disks: [disk({})] }, { "prices.csv": "" })).toMatchObject([
      {
        monthly_waste_usd: null,
        evidence:
          "Attached to no VM since 2026-10-20, 13 days, with 1024.00 GiB; no price is in force for it.",
      },
    ]);
  });
});

test("a cost that is suppressed with one finding is counted with the next that is open", async () => {
  const found = await findingsOf(
    ["stopped_vm_with_disks", "disk_on_stopped_vms"],
    {
      vms: [vm()],
      disks: [disk({ attached_to: [{ vm_id: "vm-1" }] })],
    },
    {
      "prices.csv": prices,
      "suppressions.csv": "rule_id,until,reason\nstopped_vm_with_disks,2026-12-31,kept for its data\n",
    },
  );
  // 1024 GiB × 0.0001 × 730
  expect(found).toMatchObject([
    {
      rule_id: "disk_on_stopped_vms",
      status: "open",
      counted_monthly_waste_usd: "74.7520000000",
      overlaps_rule_id: null,
    },
    {
      rule_id: "stopped_vm_with_disks",
      status: "suppressed",
      monthly_waste_usd: "74.7520000000",
      counted_monthly_waste_usd: "0.0000000000",
      overlaps_rule_id: "disk_on_stopped_vms",
      suppression_reason: "kept for its data",
    },
  ]);
});

test("each rule says what it judges by, what it found, and what it can't see", async () => {
  const analytics = await buildOrganization(
    {
      now,
      rows: {
        projects: [{ id: "alpha" }, { id: "beta" }],
        disks: [disk()],
        read_windows: [
          ...allListed("disks", "vms", "snapshots", "custom_images"),
          listed("disks", { project_id: "beta", status: "failed" }),
          listed("instance_templates", { status: "not_offered" }),
        ],
      },
      files: {
        "tally.toml": "[idle.unattached_disk]\nmin_days = 1.5\n[idle.old_snapshot]\nenabled = false\n",
      },
    },
    { select: "+dim_idle_rule" },
  );
  expect(
    await analytics.all(`
      select rule_id, is_enabled, min_days, threshold, open_count, silence
      from marts.dim_idle_rule
      where rule_id in ('unattached_disk', 'old_snapshot', 'unused_image', 'static_address_on_stopped_vm', 'gpu_vm_without_usage')
      order by rule_id
    `),
  ).toEqual([
    {
      rule_id: "gpu_vm_without_usage",
      is_enabled: true,
      min_days: "2.0000",
      threshold: null,
      open_count: 0,
      silence: "resource_usage was never read; usage was never read",
    },
    {
      rule_id: "old_snapshot",
      is_enabled: false,
      min_days: "90.0000",
      threshold: "1.00000000",
      open_count: 0,
      silence: "disks is missing for 1 of 2",
    },
    {
      rule_id: "static_address_on_stopped_vm",
      is_enabled: true,
      min_days: "7.0000",
      threshold: null,
      open_count: 0,
      silence: null,
    },
    {
      rule_id: "unattached_disk",
      is_enabled: true,
      min_days: "1.5000",
      threshold: null,
      open_count: 1,
      silence: "disks is missing for 1 of 2",
    },
    {
      rule_id: "unused_image",
      is_enabled: true,
      min_days: "30.0000",
      threshold: null,
      open_count: 0,
      silence: "instance_templates is not offered",
    },
  ]);
});
