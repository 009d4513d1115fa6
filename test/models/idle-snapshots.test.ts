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

describe("an old snapshot of a disk that has newer ones", () => {
  const findings = findingsBy("old_snapshot");
  const taken = (id: string, created_at: string, more = {}) =>
    snapshot({ id, name: `name of ${id}`, created_from: "disk-1", created_at, ...more });

  test("is found at ninety days, if a newer one exists and the disk lives", async () => {
    const rows = {
      disks: [disk({ attached_to: [{ vm_id: "vm-1" }] }), disk({ id: "disk-2", name: null })],
      snapshots: [
        taken("snap-old", "2026-03-01 00:00:00"),
        // Ninety days before now to the second, and a second short of them.
        taken("snap-just", "2026-08-05 06:00:00"),
        taken("snap-not", "2026-08-05 06:00:01"),
        taken("snap-new", "2026-11-01 00:00:00"),
        // Gone by now, and no newer one that exists; but it came after the oldest before the others did.
        taken("snap-gone", "2026-04-01 00:00:00", {
          _valid_from: "2026-04-01 00:10:00",
          _valid_to: "2026-05-01 00:10:00",
        }),
        // The newest of its disk, however old; and one of a disk that is gone.
        snapshot({ id: "snap-only", created_from: "disk-2", created_at: "2026-01-01 00:00:00" }),
        snapshot({ id: "snap-orphan", created_at: "2026-01-01 00:00:00" }),
      ],
    };
    expect(await findings(rows)).toMatchObject([
      {
        resource_id: "snap-just",
        resource_kind: "snapshot",
        idle_since: "2026-08-05 06:00:01",
        first_seen_at: "2026-11-03 06:00:00",
        // 100 GiB × 0.00005 × 730
        monthly_waste: "3.6500000000",
        last_seen_at: "2026-11-03 00:10:00",
        evidence:
          "Taken on 2026-08-05, 90 days ago, of data, of which there are 2 newer snapshots; it holds 100.00 GiB, which at today's price is 3.65 USD in a month of 730 hours.",
      },
      {
        resource_id: "snap-old",
        idle_since: "2026-04-01 00:00:00",
        evidence: expect.stringContaining("there are 3 newer snapshots"),
      },
    ]);
    const set = { "tally.toml": "[idle.old_snapshot]\nthreshold = 3\n" };
    expect(await findings(rows, set)).toMatchObject([
      { resource_id: "snap-old", idle_since: "2026-08-05 06:00:01", first_seen_at: "2026-10-21 00:10:00" },
    ]);
  });
});
