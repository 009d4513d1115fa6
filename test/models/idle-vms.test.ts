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

describe("a VM without GPUs that is up without usage", () => {
  const findings = findingsBy("vm_without_usage");
  const cpu = (id: string, more: RawRow = {}) => vm({ id, state: "RUNNING", type: "c1a.8x", ...more });
  const cpuUsage = (more: RawRow) =>
    usage({ resource_type: "c1a.8x", billable_metric: "instance-hours", quantity: "24", ...more });

  test("is found after two whole days in which its type shows none, where such VMs are metered at all", async () => {
    const rows = {
      vms: [
        cpu("vm-1"),
        cpu("vm-stopped", { state: "STOPPED" }),
        vm({ id: "vm-gpu", state: "RUNNING" }),
        cpu("vm-fresh", { updated_at: "2026-11-01 00:00:01", _valid_from: "2026-11-02 00:10:00" }),
      ],
      usage: [cpuUsage({ usage_date: "2026-10-31" })],
    };
    expect(await findings(rows)).toMatchObject([
      {
        resource_id: "vm-1",
        idle_since: "2026-11-01 00:00:00",
        first_seen_at: "2026-11-03 00:00:00",
        // 0.5 × 730
        monthly_waste: "365.0000000000",
        evidence:
          "Running, while its project shows no usage of c1a.8x in us-east1 from 2026-11-01 to 2026-11-02, 2 whole days, and last showed some on 2026-10-31; at today's price it is 365.00 USD in a month of 730 hours.",
      },
    ]);
    expect(await findings({ ...rows, usage: [cpuUsage({ usage_date: "2026-11-01" })] })).toEqual([]);
    // An account that meters GPUs only says nothing about other VMs.
    expect(await findings({ ...rows, usage: [usage({ usage_date: "2026-10-31" })] })).toEqual([]);
    expect(await findings({ ...rows, read_windows: [readDays({ window_to: "2026-11-01" })] })).toEqual([]);
  });
});

describe("a VM that is up beside others of its type", () => {
  const type = "h100-80gb-sxm-ib.8x";

  /** A project with a trainer that is metered up to yesterday, and another, by what usage by resource has of them. */
  const project = (
    id: string,
    exported: RawRow[],
    { first = {}, second = null }: { first?: RawRow | null; second?: RawRow | null } = {},
    more: { type?: string; usage?: RawRow[] } = {},
  ) => {
    const metered = { project_id: id, resource_type: more.type ?? type };
    return {
      projects: [{ id }],
      vms: ["first", "second"].map((name) =>
        vm({ project_id: id, id: `${id}: ${name}`, state: "RUNNING", type: more.type ?? type }),
      ),
      usage: (more.usage ?? [{}]).map((row) => usage({ ...metered, ...row })),
      resource_usage: Object.entries({ first, second }).flatMap(([name, row]) =>
        row === null ? [] : [usage({ ...metered, resource_id: `${id}: ${name}`, ...row })],
      ),
      read_windows: [
        readDays({ project_id: id }),
        ...exported.map((row) => readDays({ project_id: id, stream: "resource_usage", ...row })),
      ],
    };
  };

  const findings = async (...projects: ReturnType<typeof project>[]) => {
    const all = <Name extends keyof ReturnType<typeof project>>(name: Name) =>
      projects.flatMap((rows) => rows[name]);
    const rows = {
      projects: all("projects"),
      vms: all("vms"),
      usage: all("usage"),
      resource_usage: all("resource_usage"),
      read_windows: all("read_windows"),
    };
    return Promise.all(["gpu_vm_without_usage", "vm_without_usage"].map((rule) => findingsBy(rule)(rows)));
  };

  test("is found since usage by resource, read whole, last showed some of its own", async () => {
    const whole = [{}];
    const gap = (last: string, next: string) => [{ window_to: last }, { window_from: next }];
    const [gpu, cpu] = await findings(
      project("it was metered", whole, { second: { usage_date: "2026-10-28" } }),
      project("it never was", whole, { second: { quantity: "0" } }),
      project("it was for two days not", whole, { second: { usage_date: "2026-10-31" } }),
      project("it was for one day not", whole, { second: { usage_date: "2026-11-01" } }),
      project("it is", whole, { second: {} }),
      project("it is, by a type of another name", whole, {
        first: { resource_type: "node" },
        second: { resource_type: "node" },
      }),
      project("nothing by resource was read", []),
      project("a part was read", [{ status: "partial" }]),
      project("yesterday was not read", [{ window_to: "2026-11-01" }]),
      project("a day of the two was not read", gap("2026-10-31", "2026-11-02")),
      project("a day before them was not read", gap("2026-10-30", "2026-11-01")),
      // The use of the type is told of something that is no VM, or not yet told.
      project("another thing is metered", whole, { first: { resource_id: "node" } }),
      project("what is told by resource is late", whole, { first: { usage_date: "2026-11-01" } }),
      project("without GPUs", whole, { second: { usage_date: "2026-10-30" } }, { type: "c1a.8x" }),
    );
    expect(gpu).toMatchObject([
      {
        resource_id: "a day before them was not read: second",
        idle_since: "2026-11-01 00:00:00",
      },
      {
        resource_id: "it never was: second",
        idle_since: "2026-10-20 12:00:00",
        evidence: expect.stringContaining("from 2026-10-21 to 2026-11-02, 13 whole days, nor ever before;"),
      },
      { resource_id: "it was for two days not: second", idle_days: 2, first_seen_at: "2026-11-03 00:00:00" },
      {
        resource_id: "it was metered: second",
        idle_since: "2026-10-29 00:00:00",
        idle_days: 5,
        first_seen_at: "2026-10-31 00:00:00",
        // 8 GPUs × 4 × 730
        monthly_waste: "23360.0000000000",
        evidence:
          "Running with 8 GPUs, while usage by resource shows none of its own from 2026-10-29 to 2026-11-02, 5 whole days, and last showed some on 2026-10-28; at today's price it is 23360.00 USD in a month of 730 hours.",
      },
    ]);
    expect(cpu).toMatchObject([{ resource_id: "without GPUs: second", idle_since: "2026-10-31 00:00:00" }]);
  });

  test("is judged by its type where usage by resource is not offered", async () => {
    const none = { first: null, second: null };
    const [gpu] = await findings(
      project("quiet", [{ status: "not_offered" }], none, { usage: [] }),
      project("busy", [{ status: "not_offered" }], none),
    );
    expect(gpu?.map(({ resource_id }) => resource_id)).toEqual(["quiet: first", "quiet: second"]);
  });
});

describe("a VM that far outlives its project's others", () => {
  const findings = findingsBy("long_lived_vm");
  const short = (id: string, created_at: string, more: RawRow = {}) =>
    vm({ id, state: "RUNNING", created_at, updated_at: created_at, _valid_from: created_at, ...more });

  test("is found from the very second of five times the median on, and not below ninety days", async () => {
    // Lives of 1, 10, 20 and 20 days besides its own: the median is 20, and five times that are a hundred.
    const others = [
      short("vm-a", "2026-09-01 00:00:00", { _valid_to: "2026-09-02 00:00:00" }),
      short("vm-b", "2026-08-01 00:00:00", { _valid_to: "2026-08-11 00:00:00" }),
      short("vm-c", "2026-08-01 00:00:00", { _valid_to: "2026-08-21 00:00:00" }),
      short("vm-d", "2026-07-01 00:00:00", { _valid_to: "2026-07-21 00:00:00" }),
    ];
    // A hundred days before now, to the second.
    const vms = [...others, short("vm-old", "2026-07-26 06:00:00")];
    expect(await findings({ vms })).toMatchObject([
      {
        resource_id: "vm-old",
        idle_since: "2026-11-03 06:00:00",
        idle_days: 0,
        // 8 × 4 × 730
        monthly_waste: "23360.0000000000",
        evidence:
          "Made on 2026-07-26 and up, 100 days, while the median life of the 5 VMs of its project is 20.0 days; 5.0 times that is thought to be long; at today's price it is 23360.00 USD in a month of 730 hours.",
      },
    ]);
    expect(await findings({ vms: [...others, short("vm-old", "2026-07-26 06:00:01")] })).toEqual([]);
    expect(
      await findings({
        vms: [...others, short("vm-old", "2026-01-01 00:00:00", { reservation_id: "res-1" })],
      }),
    ).toEqual([]);
    // Of four VMs no median is taken, and a VM that was gone before the window is none of them.
    const early = short("vm-early", "2026-01-01 00:00:00", { _valid_to: "2026-01-21 00:00:00" });
    expect(
      await findings({ vms: [...others.slice(1), early, short("vm-old", "2026-01-01 00:00:00")] }),
    ).toEqual([]);
    const least = { "tally.toml": "[idle.long_lived_vm]\nmin_days = 101\n" };
    expect(await findings({ vms }, least)).toEqual([]);
  });
});

describe("a static address of a stopped VM", () => {
  const findings = findingsBy("static_address_on_stopped_vm");
  const addressed = (type: string, address = "203.0.113.7") => [
    { id: "nic", ips: [{ private_ipv4: { address: "10.0.0.2" }, public_ipv4: { id: "ip", address, type } }] },
  ];

  test("is found after a week, and not where it is dynamic or its VM is up", async () => {
    const found = await findings({
      vms: [
        vm({ network_interfaces: addressed("static") }),
        vm({ id: "vm-2", network_interfaces: addressed("dynamic") }),
        vm({ id: "vm-3", state: "RUNNING", network_interfaces: addressed("static") }),
        vm({ id: "vm-4", network_interfaces: addressed("static", "") }),
        vm({ id: "vm-5", network_interfaces: null }),
        vm({
          id: "vm-6",
          network_interfaces: [...addressed("STATIC"), ...addressed("static", "203.0.113.8")],
          updated_at: "2026-10-27 06:00:00",
          _valid_from: "2026-10-28 00:10:00",
        }),
        vm({
          id: "vm-7",
          network_interfaces: addressed("static"),
          updated_at: "2026-10-27 06:00:01",
          _valid_from: "2026-10-28 00:10:00",
        }),
      ],
    });
    expect(found).toMatchObject([
      {
        resource_id: "vm-1",
        idle_since: "2026-10-20 12:00:00",
        monthly_waste: null,
        counted_monthly_waste: null,
        evidence:
          "Stopped since 2026-10-20, 13 days, and still holds the static public address 203.0.113.7; the usage that the API meters has no price for addresses.",
      },
      { resource_id: "vm-6", evidence: expect.stringContaining("addresses 203.0.113.7, 203.0.113.8;") },
    ]);
  });
});
