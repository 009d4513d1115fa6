import { describe, expect, test, vi } from "vitest";
import { findingsBy, readDays, usage, vm } from "./idle-organization.ts";
import type { RawRow } from "./raw-tables.ts";

// Each build of a new warehouse takes about a second on a busy machine, and some tests do many.
vi.setConfig({ testTimeout: 120_000 });

describe("a GPU VM that is up without usage", () => {
  const findings = findingsBy("gpu_vm_without_usage");
  const up = (more: RawRow = {}) => vm({ state: "RUNNING", ...more });

  test("is found since its type last showed usage in its project and region", async () => {
    const found = await findings({
      vms: [up()],
      usage: [usage({ usage_date: "2026-10-28", quantity: "192" })],
    });
    expect(found).toMatchObject([
      {
        rule_id: "gpu_vm_without_usage",
        resource_id: "vm-1",
        idle_since: "2026-10-29 00:00:00",
        idle_days: 5,
        first_seen_at: "2026-10-31 00:00:00",
        // 8 GPUs × 4 × 730
        monthly_waste_usd: "23360.0000000000",
        severity: "high",
      },
    ]);
    expect(found[0]?.evidence).toBe(
      "Running with 8 GPUs, while its project shows no usage of h100-80gb-sxm-ib.8x in us-east1 from 2026-10-29 to 2026-11-02, 5 whole days, and last showed some on 2026-10-28; at today's price it is 23360.00 USD in a month of 730 hours.",
    );
  });

  test("is priced by the instance where its type is metered by instances", async () => {
    expect(
      await findings({
        vms: [up({ type: "A100-80GB.4x" })],
        usage: [
          usage({
            usage_date: "2026-10-28",
            resource_type: "a100-80gb.4x",
            billable_metric: "instance-hours",
          }),
        ],
      }),
      // 8 × 730
    ).toMatchObject([{ monthly_waste_usd: "5840.0000000000" }]);
  });

  test("is found after two whole days and not before", async () => {
    expect(await findings({ vms: [up()], usage: [usage({ usage_date: "2026-10-31" })] })).toMatchObject([
      { idle_since: "2026-11-01 00:00:00", idle_days: 2, first_seen_at: "2026-11-03 00:00:00" },
    ]);
    expect(await findings({ vms: [up()], usage: [usage({ usage_date: "2026-11-01" })] })).toEqual([]);
    expect(await findings({ vms: [up()], usage: [usage({ usage_date: "2026-11-03" })] })).toEqual([]);
    expect(
      await findings({
        vms: [up({ updated_at: "2026-11-01 00:00:00", _valid_from: "2026-11-02 00:10:00" })],
      }),
    ).toHaveLength(1);
    expect(
      await findings({
        vms: [up({ updated_at: "2026-11-01 00:00:01", _valid_from: "2026-11-02 00:10:00" })],
      }),
    ).toEqual([]);
  });

  test("is judged by usage in its region, with or without the zone, and by its type in any case", async () => {
    expect(
      await findings({
        vms: [up()],
        usage: [usage({ region: "us-east1-a", resource_type: "H100-80GB-SXM-IB.8X" })],
      }),
    ).toEqual([]);
    expect(await findings({ vms: [up()], usage: [usage({ region: "eu-north1" })] })).toHaveLength(1);
    expect(await findings({ vms: [up()], usage: [usage({ project_id: "beta" })] })).toHaveLength(1);
    expect(await findings({ vms: [up()], usage: [usage({ quantity: "0" })] })).toHaveLength(1);
  });

  test("is none where a day was not read whole, where it is stopped, or where it has no GPU", async () => {
    const gap = [
      readDays({ window_to: "2026-11-01" }),
      readDays({ window_from: "2026-11-02", window_to: "2026-11-02", attempted_at: "2026-11-02 12:00:00" }),
    ];
    expect(await findings({ vms: [up()], read_windows: gap })).toEqual([]);
    expect(await findings({ vms: [up()], read_windows: [readDays({ status: "failed" })] })).toEqual([]);
    expect(await findings({ vms: [vm({})] })).toEqual([]);
    expect(await findings({ vms: [up({ type: "c1a.8x" })] })).toEqual([]);
  });

  test("proves nothing by days before a gap in what was read", async () => {
    const gap = [readDays({ window_to: "2026-10-25" }), readDays({ window_from: "2026-10-27" })];
    expect(await findings({ vms: [up()], read_windows: gap })).toMatchObject([
      { idle_since: "2026-10-27 00:00:00" },
    ]);
  });
});
