import { describe, expect, test, vi } from "vitest";
import { disk, findingsBy, findingsOf, listed, prices, usage, vm } from "./idle-organization.ts";

// Each build of a new warehouse takes about a second on a busy machine, and some tests do many.
vi.setConfig({ testTimeout: 120_000 });

describe("a stopped VM that keeps disks", () => {
  const findings = findingsBy("stopped_vm_with_disks");
  const held = [disk({ attached_to: [{ vm_id: "vm-1" }] }), disk({ id: "disk-2", size: "476GiB" })];

  test("is found with evidence, dates, waste and severity", async () => {
    const [found, ...others] = await findings({
      vms: [vm({ disks: [{ id: "disk-2" }, { id: "disk-1" }] })],
      disks: held,
    });
    expect(others).toEqual([]);
    expect(found).toEqual({
      rule_id: "stopped_vm_with_disks",
      rule_title: "Stopped VM that keeps its disks",
      resource_kind: "vm",
      resource_id: "vm-1",
      resource_name: "trainer",
      organization_id: "org",
      project_id: "alpha",
      project_name: "Training",
      location: "us-east1-a",
      idle_since: "2026-10-20 12:00:00",
      idle_days: 13,
      evidence:
        "Stopped since 2026-10-20, 13 days, and still holds 2 disks of 1500.00 GiB in all; at today's prices that is 109.50 USD in a month of 730 hours.",
      // (1024 + 476) GiB × 0.0001 × 730
      monthly_waste_usd: "109.5000000000",
      monthly_waste: "109.5000000000",
      currency: "USD",
      counted_monthly_waste_usd: "109.5000000000",
      counted_monthly_waste: "109.5000000000",
      overlaps_rule_id: null,
      severity: "medium",
      status: "open",
      suppressed_until: null,
      suppression_reason: null,
      first_seen_at: "2026-10-27 12:00:00",
      last_seen_at: "2026-11-03 00:10:00",
      resolved_at: null,
    });
  });

  test("is found from the very second of the seventh day on", async () => {
    const stopped = (updated_at: string) =>
      findings({
        vms: [vm({ disks: [{ id: "disk-2" }], updated_at, _valid_from: "2026-10-27 07:00:00" })],
        disks: [disk({ id: "disk-2" })],
      });
    expect(await stopped("2026-10-27 06:00:01")).toEqual([]);
    expect(await stopped("2026-10-27 06:00:00")).toMatchObject([
      { idle_days: 7, first_seen_at: "2026-11-03 06:00:00" },
    ]);
  });

  test("is none where it runs, holds nothing, or its disks serve a VM that runs", async () => {
    const shared = disk({ attached_to: [{ vm_id: "vm-1" }, { vm_id: "vm-2" }] });
    const used = usage({ quantity: "192" });
    expect(
      await findings({
        vms: [vm({ state: "RUNNING", disks: [{ id: "disk-1" }] })],
        disks: [disk({})],
        usage: [used],
      }),
    ).toEqual([]);
    expect(await findings({ vms: [vm({})] })).toEqual([]);
    expect(
      await findings({
        vms: [vm({}), vm({ id: "vm-2", state: "STATE_RUNNING" })],
        disks: [shared],
        usage: [used],
      }),
    ).toEqual([]);
  });

  test("is stopped since it was first seen so in a row, and not since an older change", async () => {
    const [found] = await findings({
      vms: [
        vm({
          state: "STOPPED",
          updated_at: "2026-08-01 00:00:00",
          _valid_from: "2026-08-01 00:10:00",
          _valid_to: "2026-09-01 00:10:00",
        }),
        vm({
          state: "RUNNING",
          updated_at: "2026-08-31 00:00:00",
          _valid_from: "2026-09-01 00:10:00",
          _valid_to: "2026-10-10 00:10:00",
        }),
        // Two versions in a row that are stopped: the first one counts. Its updated_at did not move with the stop.
        vm({
          state: "STATE_STOPPED",
          updated_at: "2026-08-31 00:00:00",
          disks: [{ id: "disk-1" }],
          _valid_from: "2026-10-10 00:10:00",
          _valid_to: "2026-10-15 00:10:00",
        }),
        vm({
          state: "SHUTOFF",
          name: "renamed",
          updated_at: "2026-10-14 00:00:00",
          disks: [{ id: "disk-1" }],
          _valid_from: "2026-10-15 00:10:00",
        }),
      ],
      disks: [disk({})],
      read_windows: [listed("vms"), listed("vms", { attempted_at: "2026-10-09 00:10:00" })],
    });
    // By the read before, of 9 October, it was up.
    expect(found).toMatchObject({ resource_name: "renamed", idle_since: "2026-10-09 00:10:00" });
  });

  test("is stopped from the moment of its stop, though it was metered earlier on that day", async () => {
    const stoppedAt = (updated_at: string) =>
      findings({
        vms: [vm({ updated_at, _valid_from: "2026-10-28 00:10:00", disks: [{ id: "disk-1" }] })],
        disks: [held[0] ?? {}],
        resource_usage: [
          usage({
            project_id: "alpha",
            usage_date: "2026-10-27",
            resource_id: "vm-1",
            resource_name: "trainer",
          }),
        ],
      });
    expect(await stoppedAt("2026-10-27 06:00:00")).toMatchObject([
      { idle_since: "2026-10-27 06:00:00", idle_days: 7 },
    ]);
    expect(await stoppedAt("2026-10-27 06:00:01")).toEqual([]);
  });

  test("is not stopped before the end of the last day on which it was metered", async () => {
    const stopped = (last: string) =>
      findings({
        vms: [vm({ disks: [{ id: "disk-1" }] })],
        disks: [disk({})],
        resource_usage: [
          usage({ usage_date: last, resource_id: "vm-1" }),
          usage({ usage_date: "2026-11-02", resource_id: "vm-1", quantity: "0" }),
        ],
      });
    expect(await stopped("2026-10-26")).toMatchObject([{ idle_since: "2026-10-27 00:00:00", idle_days: 7 }]);
    expect(await stopped("2026-10-27")).toEqual([]);
  });

  test("is unpriced as a whole where one of its disks has no price, and never 0", async () => {
    const [found] = await findings({
      vms: [vm({ disks: [{ id: "disk-1" }, { id: "disk-9" }] })],
      disks: [disk({}), disk({ id: "disk-9", type: "shared-volume" })],
    });
    expect(found).toMatchObject({ monthly_waste_usd: null, currency: null });
    expect(found?.evidence).toContain("no price is in force for 1 of them");
  });

  test("shares a disk with another stopped VM without counting it twice", async () => {
    const shared = disk({ attached_to: [{ vm_id: "vm-1" }, { vm_id: "vm-2" }] });
    const found = await findings({ vms: [vm({}), vm({ id: "vm-2" })], disks: [shared] });
    // 1024 × 0.0001 × 730
    expect(found.map((row) => row.monthly_waste_usd)).toEqual(["74.7520000000", "0.0000000000"]);
  });
});

describe("a disk attached to nothing", () => {
  const findings = findingsBy("unattached_disk");
  test("is found since it was last changed, and not before it was made", async () => {
    expect(await findings({ disks: [disk({})] })).toMatchObject([
      {
        rule_id: "unattached_disk",
        resource_kind: "disk",
        resource_id: "disk-1",
        idle_since: "2026-10-20 12:00:00",
        idle_days: 13,
        monthly_waste_usd: "74.7520000000",
        first_seen_at: "2026-10-27 12:00:00",
        evidence:
          "Attached to no VM since 2026-10-20, 13 days, with 1024.00 GiB; at today's price that is 74.75 USD in a month of 730 hours.",
      },
    ]);
    expect(
      await findings({
        disks: [
          disk({ updated_at: null, _valid_from: "2026-10-01 00:10:00", created_at: "2026-10-22 00:00:00" }),
        ],
      }),
    ).toMatchObject([{ idle_since: "2026-10-22 00:00:00" }]);
  });

  test("is found from the very second of the seventh day on, and after what tally.toml says", async () => {
    const detached = (updated_at: string, files = {}) =>
      findings({ disks: [disk({ updated_at, _valid_from: "2026-11-02 00:10:00" })] }, files);
    expect(await detached("2026-10-27 06:00:01")).toEqual([]);
    expect(await detached("2026-10-27 06:00:00")).toHaveLength(1);
    const toml = { "tally.toml": "[idle.unattached_disk]\nmin_days = 1.5\n" };
    expect(await detached("2026-11-01 18:00:01", toml)).toEqual([]);
    expect(await detached("2026-11-01 18:00:00", toml)).toHaveLength(1);
  });

  test("is none where a VM holds it, by its own entry or by the VM's, or where it is gone", async () => {
    const running = vm({ state: "RUNNING", type: "c1a.8x", disks: [{ id: "disk-1" }] });
    expect(
      await findings({ disks: [disk({ attached_to: [{ vm_id: "vm-1", mode: "read-write" }] })] }),
    ).toEqual([]);
    expect(await findings({ disks: [disk({})], vms: [running] })).toEqual([]);
    expect(await findings({ disks: [disk({ _valid_to: "2026-11-02 00:10:00" })] })).toEqual([]);
  });

  test("is unattached since the end of the last attachment that was seen", async () => {
    const was = { _valid_from: "2026-09-01 00:10:00", _valid_to: "2026-10-12 00:10:00" };
    const [byDisk] = await findings({
      disks: [
        disk({ ...was, attached_to: [{ vm_id: "vm-1" }], updated_at: "2026-08-01 00:00:00" }),
        disk({ updated_at: "2026-10-11 09:00:00", _valid_from: "2026-10-12 00:10:00" }),
      ],
    });
    expect(byDisk).toMatchObject({ idle_since: "2026-10-11 09:00:00" });
    const [byVm] = await findings({
      disks: [disk({ updated_at: "2026-08-01 00:00:00", _valid_from: "2026-09-01 00:10:00" })],
      vms: [vm({ ...was, state: "RUNNING", disks: [{ id: "disk-1" }] })],
      read_windows: [listed("disks"), listed("disks", { attempted_at: "2026-10-11 00:10:00" })],
    });
    // The disk's own entry never changed; by the read before, the VM still held it.
    expect(byVm).toMatchObject({ idle_since: "2026-10-11 00:10:00" });
  });
});

describe("a disk that only stopped VMs hold", () => {
  const findings = findingsBy("disk_on_stopped_vms");
  const stopped = (id: string, updated_at: string) =>
    vm({ id, name: `name of ${id}`, updated_at, _valid_from: "2026-10-28 00:10:00" });
  const on = (id: string, ...vms: string[]) =>
    disk({ id, attached_to: vms.map((vm_id) => ({ vm_id })), updated_at: "2026-02-01 00:00:00" });

  test("is found once its last VM has been stopped for a week, and not where one is up or unknown", async () => {
    const found = await findings({
      vms: [
        stopped("vm-long", "2026-10-27 06:00:00"),
        stopped("vm-short", "2026-10-27 06:00:01"),
        vm({ id: "vm-up", state: "RUNNING" }),
      ],
      disks: [
        on("disk-a", "vm-long"),
        on("disk-b", "vm-long", "vm-short"),
        on("disk-c", "vm-long", "vm-up"),
        on("disk-d", "vm-long", "vm-elsewhere"),
        on("disk-e"),
        { ...on("disk-g", "vm-long"), type: "shared-volume" },
      ],
      read_windows: ["vms", "disks"].map((stream) => listed(stream)),
    });
    expect(found.map(({ resource_id }) => resource_id)).toEqual(["disk-a", "disk-g"]);
    expect(found[0]).toMatchObject({
      resource_kind: "disk",
      idle_since: "2026-10-27 06:00:00",
      idle_days: 7,
      first_seen_at: "2026-11-03 06:00:00",
      last_seen_at: "2026-11-03 00:10:00",
      evidence:
        "Held only by the stopped VM name of vm-long since 2026-10-27, 7 days, with 1024.00 GiB; at today's price that is 74.75 USD in a month of 730 hours.",
      // 1024 GiB × 0.0001 × 730; the finding of the VM could not count it, since one of its disks has no price.
      monthly_waste: "74.7520000000",
      counted_monthly_waste: "74.7520000000",
    });
    expect(found[1]).toMatchObject({ monthly_waste: null, currency: null, counted_monthly_waste: null });
  });

  test("is counted with its VM where that is a finding too, and not before the VM that let go of it", async () => {
    const rows = {
      vms: [vm({}), vm({ id: "vm-2", _valid_from: "2026-09-01 00:10:00", _valid_to: "2026-10-30 00:10:00" })],
      disks: [
        on("disk-1", "vm-1"),
        disk({ id: "disk-2", attached_to: [{ vm_id: "vm-2" }], _valid_to: "2026-10-30 00:10:00" }),
        disk({ id: "disk-2", attached_to: [{ vm_id: "vm-1" }], _valid_from: "2026-10-30 00:10:00" }),
      ],
    };
    expect(
      await findingsOf(["disk_on_stopped_vms", "stopped_vm_with_disks"], rows, { "prices.csv": prices }),
    ).toMatchObject([
      {
        rule_id: "disk_on_stopped_vms",
        resource_id: "disk-1",
        monthly_waste: "74.7520000000",
        counted_monthly_waste: "0.0000000000",
        overlaps_rule_id: "stopped_vm_with_disks",
      },
      {
        rule_id: "stopped_vm_with_disks",
        monthly_waste: "149.5040000000",
        counted_monthly_waste: "149.5040000000",
        overlaps_rule_id: null,
      },
    ]);
  });
});

describe("an OS disk that is larger than one needs", () => {
  const findings = findingsBy("oversized_os_disk");

  test("is found above the threshold, by what is above it, since it was made or grew", async () => {
    const started = (id: string) => ({ id, attachment_type: "os" });
    const found = await findings({
      vms: [
        vm({
          state: "RUNNING",
          type: "c1a.8x",
          disks: [
            started("disk-over"),
            started("disk-at"),
            started("disk-grown"),
            { id: "disk-data", attachment_type: "data" },
          ],
        }),
        vm({ id: "vm-gone", disks: [started("disk-left")], _valid_to: "2026-10-22 00:10:00" }),
      ],
      disks: [
        disk({ id: "disk-over", size: "513GiB" }),
        disk({ id: "disk-at", size: "512GiB" }),
        disk({ id: "disk-data" }),
        disk({ id: "disk-left" }),
        disk({ id: "disk-grown", size: "100GiB", _valid_to: "2026-10-28 00:10:00" }),
        disk({
          id: "disk-grown",
          size: "1TiB",
          updated_at: "2026-10-27 06:00:00",
          _valid_from: "2026-10-28 00:10:00",
        }),
        disk({
          id: "disk-said-by-itself",
          size: "712GiB",
          created_at: "2026-10-27 06:00:01",
          attached_to: [{ vm_id: "vm-1", attachment_type: "os" }],
        }),
      ],
    });
    expect(found).toMatchObject([
      {
        resource_id: "disk-grown",
        idle_since: "2026-10-27 06:00:00",
        first_seen_at: "2026-11-03 06:00:00",
        // (1024 − 512) GiB × 0.0001 × 730
        monthly_waste: "37.3760000000",
        evidence:
          "An OS disk of 1024.00 GiB since 2026-10-27, 7 days, where 512.00 GiB are thought to do; at today's price what is above is 37.38 USD in a month of 730 hours.",
      },
      { resource_id: "disk-over", idle_since: "2026-01-01 00:00:00", monthly_waste: "0.0730000000" },
    ]);
    const set = { "tally.toml": "[idle.oversized_os_disk]\nthreshold = 1023.5\nmin_days = 6\n" };
    expect(
      await findings({ vms: [vm({ disks: [started("disk-1")] })], disks: [disk({})] }, set),
    ).toMatchObject([
      // It is half a GiB too large; that the stopped VM's finding counts the whole disk comes first.
      {
        monthly_waste: "0.0365000000",
        counted_monthly_waste: "0.0000000000",
        overlaps_rule_id: "stopped_vm_with_disks",
      },
    ]);
  });
});
