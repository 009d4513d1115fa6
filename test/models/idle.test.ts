import { describe, expect, test, vi } from "vitest";
import { buildOrganization, type TestOrganization } from "./organization.ts";
import type { RawRow } from "./raw-tables.ts";

// Each build of a new warehouse takes about a second on a busy machine, and some tests do many.
vi.setConfig({ testTimeout: 120_000 });

const now = "2026-11-03T06:00:00Z";
const prices = [
  "resource_type,billable_metric,project_id,region,reservation_id,unit_price,currency,effective_from,effective_to",
  "persistent-ssd,gib-hours,,,,0.0001,USD,,",
  "h100-80gb-sxm-ib.8x,gpu-hours,,,,4,USD,,",
  "h100-80gb-sxm-ib.8x,gpu-hours,,,res-1,2.5,USD,,",
  "a100-80gb.4x,instance-hours,,,,8,USD,,",
  "snapshot,gib-hours,,,,0.00005,USD,,",
].join("\n");
const types = [
  { product_name: "h100-80gb-sxm-ib.8x", gpu_type: "H100", num_gpu: 8 },
  { product_name: "a100-80gb.4x", gpu_type: "A100", num_gpu: 4 },
  { product_name: "c1a.8x", gpu_type: null, num_gpu: 0 },
];
const vm = (more: RawRow) => ({
  project_id: "alpha",
  id: "vm-1",
  name: "trainer",
  type: "h100-80gb-sxm-ib.8x",
  state: "STATE_SHUTOFF",
  location: "us-east1-a",
  created_at: "2026-01-01 00:00:00",
  updated_at: "2026-10-20 12:00:00",
  disks: [],
  _valid_from: "2026-10-21 00:10:00",
  ...more,
});
const disk = (more: RawRow) => ({
  project_id: "alpha",
  id: "disk-1",
  name: "data",
  type: "persistent-ssd",
  size: "1TiB",
  location: "us-east1-a",
  attached_to: [],
  created_at: "2026-01-01 00:00:00",
  updated_at: "2026-10-20 12:00:00",
  _valid_from: "2026-10-21 00:10:00",
  ...more,
});
const snapshot = (more: RawRow) => ({
  project_id: "alpha",
  id: "snap-1",
  name: "before",
  size: "107374182400 bytes",
  created_from: "disk-gone",
  created_at: "2026-09-01 00:00:00",
  updated_at: "2026-09-01 00:00:00",
  _valid_from: "2026-10-21 00:10:00",
  ...more,
});
const listed = (stream: string, more: RawRow = {}) => ({
  stream,
  project_id: "alpha",
  attempted_at: "2026-11-03 00:10:00",
  ...more,
});
const usage = (more: RawRow) => ({
  usage_date: "2026-11-02",
  resource_type: "h100-80gb-sxm-ib.8x",
  billable_metric: "gpu-hours",
  quantity: "24",
  ...more,
});
const readDays = (more: RawRow = {}) => ({
  stream: "usage",
  project_id: "alpha",
  window_from: "2026-09-01",
  window_to: "2026-11-03",
  attempted_at: "2026-11-03 00:10:00",
  ...more,
});

async function findings(rows: TestOrganization["rows"], files: Record<string, string> = {}) {
  const analytics = await buildOrganization(
    {
      now,
      rows: {
        projects: [{ id: "alpha", name: "Training" }],
        vm_types: types,
        read_windows: [readDays(), listed("vms"), listed("disks"), listed("snapshots")],
        ...rows,
      },
      files: { "prices.csv": prices, ...files },
    },
    { select: "+fct_idle_findings" },
  );
  return analytics.all("select * from marts.fct_idle_findings order by rule_id, resource_id");
}

describe("a stopped VM that keeps disks", () => {
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

describe("a snapshot whose disk is gone", () => {
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

describe("a GPU VM that is up without usage", () => {
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

describe("a reservation that is barely used", () => {
  const reservation = (more: RawRow = {}) => ({
    id: "res-1",
    product_line: "h100-80gb-sxm-ib.8x",
    quantity: 2,
    locations: ["us-east1-a"],
    contract_start_date: "2026-01-01",
    contract_end_date: "2026-12-31",
    _valid_from: "2026-10-01 00:10:00",
    ...more,
  });
  const reservationReads = [
    readDays(),
    { stream: "reservations", project_id: null, attempted_at: "2026-11-03 00:20:00" },
  ];
  const days = Array.from({ length: 14 }, (_, at) =>
    new Date(Date.UTC(2026, 9, 20 + at)).toISOString().slice(0, 10),
  );
  /** Fourteen days of 2 × 8 GPUs × 24 hours are 5376 reserved GPU-hours; 70 % of them are 3763.2. */
  const used = (total: number) =>
    days.map((usage_date) =>
      usage({ usage_date, reservation_id: "res-1", quantity: (total / 14).toFixed(12) }),
    );

  test("is found with its share, its window and the price of what is not used", async () => {
    const found = await findings({
      reservations: [reservation()],
      usage: used(1344),
      read_windows: reservationReads,
    });
    expect(found).toMatchObject([
      {
        rule_id: "underused_reservation",
        resource_kind: "reservation",
        resource_id: "res-1",
        resource_name: "h100-80gb-sxm-ib.8x",
        project_id: null,
        location: "us-east1-a",
        // The first window below the share is that of the first days that were read.
        idle_since: "2026-09-01 00:00:00",
        // 12 GPUs unused all the time: 12 × 730 × 2.5
        monthly_waste_usd: "21900.0000000000",
        first_seen_at: "2026-10-01 00:10:00",
        last_seen_at: "2026-11-03 00:20:00",
      },
    ]);
    expect(found[0]?.evidence).toBe(
      "Used 1344.00 of 5376.00 reserved GPU-hours, 25.00 %, on 14 days from 2026-10-20 to 2026-11-02; below 70.0 % since 2026-09-01; at today's price the unused share is 21900.00 USD in a month of 730 hours.",
    );
  });

  test("is found below the share and not at it", async () => {
    const exact = days.map((usage_date) => usage({ usage_date, reservation_id: "res-1", quantity: "268.8" }));
    expect(
      await findings({ reservations: [reservation()], usage: exact, read_windows: reservationReads }),
    ).toEqual([]);
    const less = exact.map((row, at) => (at === 0 ? { ...row, quantity: "268.799999" } : row));
    expect(
      await findings({ reservations: [reservation()], usage: less, read_windows: reservationReads }),
    ).toHaveLength(1);
  });

  test("is below since the first window after the last one that was used enough", async () => {
    const full = Array.from({ length: 49 }, (_, at) =>
      usage({
        usage_date: new Date(Date.UTC(2026, 8, 1 + at)).toISOString().slice(0, 10),
        reservation_id: "res-1",
        quantity: "384",
      }),
    );
    // Full use ends with 19 October. A window with k of its 14 days after that is used by (14 - k) / 14:
    // k = 4 is 71.4 %, k = 5 is 64.3 %, and that one ends on 24 October and began on the 11th.
    expect(
      await findings({ reservations: [reservation()], usage: full, read_windows: reservationReads }),
    ).toMatchObject([{ idle_since: "2026-10-11 00:00:00", first_seen_at: "2026-10-25 00:00:00" }]);
  });

  test("is judged once its contract spans the whole window, and not a day sooner", async () => {
    const begun = (contract_start_date: string) =>
      findings({
        reservations: [reservation({ contract_start_date })],
        usage: used(1344),
        read_windows: reservationReads,
      });
    expect(await begun("2026-10-21")).toEqual([]);
    expect(await begun("2026-10-20")).toMatchObject([{ idle_since: "2026-10-20 00:00:00" }]);
  });

  test("is none once its contract is over, or before it has begun", async () => {
    expect(
      await findings({
        reservations: [reservation({ contract_end_date: "2026-11-02" })],
        read_windows: reservationReads,
      }),
    ).toEqual([]);
    expect(
      await findings({
        reservations: [reservation({ contract_start_date: "2026-11-03" })],
        read_windows: reservationReads,
      }),
    ).toEqual([]);
    expect(
      await findings({
        reservations: [reservation({ date_delivered: "2026-11-20" })],
        read_windows: reservationReads,
      }),
    ).toEqual([]);
  });

  test("of GPUs, not of a VM type, is as many GPUs as it says", async () => {
    const [found] = await findings({
      reservations: [reservation({ product_line: "h100-80gb-sxm-ib", quantity: 16 })],
      usage: used(1344),
      read_windows: reservationReads,
    });
    expect(found).toMatchObject({ monthly_waste_usd: "21900.0000000000" });
  });

  test("is silent where no day was read whole", async () => {
    expect(
      await findings({ reservations: [reservation()], read_windows: [readDays({ status: "failed" })] }),
    ).toEqual([]);
  });
});

describe("a finding", () => {
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
