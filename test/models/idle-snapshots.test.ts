import { describe, expect, test, vi } from "vitest";
import { disk, findingsBy, listed, snapshot, usage } from "./idle-organization.ts";

// Each build of a new warehouse takes about a second on a busy machine, and some tests do many.
vi.setConfig({ testTimeout: 120_000 });

describe("a snapshot whose disk is gone", () => {
  const findings = findingsBy("orphaned_snapshot");
  test("is found since the disk disappeared", async () => {
    const found = await findings({
      snapshots: [snapshot({})],
      disks: [
        disk({ id: "disk-gone", _valid_from: "2026-08-01 00:00:00", _valid_to: "2026-10-30 00:10:00" }),
      ],
    });
    expect(found).toMatchObject([
      {
        rule_id: "orphaned_snapshot",
        resource_id: "snap-1",
        idle_since: "2026-10-30 00:10:00",
        idle_days: 4,
        // 100 GiB × 0.00005 × 730
        monthly_waste_usd: "3.6500000000",
        severity: "low",
        location: "us-east1-a",
      },
    ]);
    expect(found[0]?.evidence).toContain("is gone since 2026-10-30, 4 days; the snapshot holds 100.00 GiB");
  });

  test("is found since the disk's last day of usage, else since the snapshot was first seen", async () => {
    expect(
      await findings({
        snapshots: [snapshot({})],
        resource_usage: [usage({ usage_date: "2026-09-30", resource_id: "disk-gone" })],
      }),
    ).toMatchObject([{ idle_since: "2026-10-01 00:00:00", first_seen_at: "2026-10-21 00:10:00" }]);
    expect(await findings({ snapshots: [snapshot({})] })).toMatchObject([
      { idle_since: "2026-10-21 00:10:00" },
    ]);
  });

  test("is none where the disk stands, is not named, or a list of disks was not read well last time", async () => {
    expect(
      await findings({
        snapshots: [snapshot({ created_from: "disk-1" })],
        disks: [disk({ attached_to: [{ vm_id: "x" }] })],
      }),
    ).toEqual([]);
    expect(await findings({ snapshots: [snapshot({ created_from: null })] })).toEqual([]);
    const failed = listed("disks", { status: "failed", attempted_at: "2026-11-03 02:00:00" });
    expect(await findings({ snapshots: [snapshot({})], read_windows: [listed("disks"), failed] })).toEqual(
      [],
    );
    const projects = [{ id: "alpha" }, { id: "beta" }];
    expect(await findings({ snapshots: [snapshot({})], projects })).toEqual([]);
    const both = [listed("disks"), listed("disks", { project_id: "beta" })];
    expect(await findings({ snapshots: [snapshot({})], projects, read_windows: both })).toHaveLength(1);
  });
});
