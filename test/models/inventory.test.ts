import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { buildOrganization, openOrganization, type TestOrganization } from "./organization.ts";

/** As far as these tests look. */
const buildInventory = (organization: TestOrganization) =>
  buildOrganization(organization, {
    select: "+dim_vm,+dim_disk,+dim_snapshot,+dim_vm_type,+dim_reservation",
  });

// Each build of a new warehouse takes about a second on a busy machine, and some tests do many.
vi.setConfig({ testTimeout: 120_000 });

const disk = (id: string, size: string | null, more: Record<string, unknown> = {}) => ({
  project_id: "alpha",
  id,
  size,
  type: "persistent-ssd",
  location: "us-east1-a",
  attached_to: [],
  ...more,
});

test("sizes are read in GiB, whatever their unit", async () => {
  const sizes: [string | null, string | null][] = [
    ["10GiB", "10.000000000"],
    ["1TiB", "1024.000000000"],
    ["1.5 TiB", "1536.000000000"],
    ["500GB", "465.661287308"],
    ["10457 bytes", "0.000009739"],
    ["128", "128.000000000"],
    [" 2 gib ", "2.000000000"],
    ["512MiB", "0.500000000"],
    ["2PiB", "2097152.000000000"],
    ["big", null],
    ["-5GiB", null],
    ["10 furlongs", null],
    ["99999999999999999999PiB", null],
    [null, null],
  ];
  const analytics = await buildInventory({
    rows: {
      disks: sizes.map(([size], at) => disk(`d${String(at).padStart(2, "0")}`, size)),
      snapshots: [
        { id: "s1", size: "1073741824" },
        { id: "s2", size: "10457 bytes" },
        { id: "s3", size: "3GiB" },
      ],
    },
  });
  expect(await analytics.all("select size_gib from marts.dim_disk order by disk_id")).toEqual(
    sizes.map(([, size_gib]) => ({ size_gib })),
  );
  expect(await analytics.all("select size_gib from marts.dim_snapshot order by snapshot_id")).toEqual([
    { size_gib: "1.000000000" },
    { size_gib: "0.000009739" },
    { size_gib: "3.000000000" },
  ]);
});

test("for any size, GiB equal an independent computation to the last of nine places", async () => {
  const units: [string, bigint][] = [
    ["", 2n ** 30n],
    ["GiB", 2n ** 30n],
    ["TiB", 2n ** 40n],
    ["PiB", 2n ** 50n],
    ["MiB", 2n ** 20n],
    ["KiB", 2n ** 10n],
    ["bytes", 1n],
    ["kB", 10n ** 3n],
    ["MB", 10n ** 6n],
    ["GB", 10n ** 9n],
    ["TB", 10n ** 12n],
  ];
  const size = fc.record({
    millionths: fc.bigInt(0n, 10n ** 14n),
    unit: fc.constantFrom(...units),
    gap: fc.constantFrom("", " ", "  "),
    upper: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(size, { minLength: 30, maxLength: 60 }), async (sizes) => {
      const rows = sizes.map(({ millionths, unit: [name, bytes], gap, upper }, at) => {
        const number = `${millionths / 1_000_000n}.${String(millionths % 1_000_000n).padStart(6, "0")}`;
        const text = `${number}${gap}${upper ? name.toUpperCase() : name}`;
        const wholeBytes = (millionths * bytes + 500_000n) / 1_000_000n;
        const billionths = (wholeBytes * 10n ** 9n + 2n ** 29n) / 2n ** 30n;
        const gib = `${billionths / 10n ** 9n}.${String(billionths % 10n ** 9n).padStart(9, "0")}`;
        return { id: `d${String(at).padStart(3, "0")}`, text, gib };
      });
      const analytics = await openOrganization({
        rows: { disks: rows.map(({ id, text }) => disk(id, text)) },
      });
      await analytics.build({ select: "+dim_disk" });
      const found = await analytics.all(
        "select disk_id as id, size_gib as gib from marts.dim_disk order by 1",
      );
      expect(found).toEqual(rows.map(({ id, gib }) => ({ id, gib })));
    }),
    { numRuns: 6 },
  );
});

test("states come in one spelling", async () => {
  const states: [string | null, string | null][] = [
    ["STATE_RUNNING", "running"],
    ["RUNNING", "running"],
    ["Running", "running"],
    ["STATE_SHUTOFF", "stopped"],
    ["SHUTOFF", "stopped"],
    ["STOPPED", "stopped"],
    ["STATE_STOPPED", "stopped"],
    ["shut off", "stopped"],
    ["STATE_CREATING", "creating"],
    ["DELETING", "deleting"],
    ["STATE_POWERING_ON", "powering_on"],
    [null, null],
  ];
  const analytics = await buildInventory({
    rows: { vms: states.map(([state], at) => ({ id: `v${String(at).padStart(2, "0")}`, state })) },
  });
  expect(await analytics.all("select state from marts.dim_vm order by vm_id")).toEqual(
    states.map(([, state]) => ({ state })),
  );
});

test("a VM has its GPUs by its type, its region without the zone, and its disks as a list", async () => {
  const analytics = await buildInventory({
    rows: {
      vm_types: [
        {
          product_name: "h100-80gb-sxm-ib.8x",
          gpu_type: "H100",
          num_gpu: 8,
          cpu_cores: 208,
          memory_gb: 1800,
        },
        { product_name: "c1a.8x", gpu_type: "", num_gpu: 0 },
      ],
      vms: [
        {
          id: "v1",
          type: "h100-80gb-sxm-ib.8x",
          location: "us-east1-a",
          disks: [{ id: "b" }, { id: "a", size: "1TiB" }, { id: "b" }, {}],
        },
        { id: "v2", type: "c1a.8x", location: "us-east", disks: null },
        { id: "v3", type: "a40.2x", location: "eu-north1-c", disks: [{ disk_id: "c" }] },
        { id: "v4", type: "mystery", location: null, disks: { id: "no list" } },
      ],
    },
  });
  expect(
    await analytics.all("select vm_id, gpu_type, num_gpu, region, disk_ids from marts.dim_vm order by 1"),
  ).toEqual([
    { vm_id: "v1", gpu_type: "H100", num_gpu: 8, region: "us-east1", disk_ids: ["a", "b"] },
    { vm_id: "v2", gpu_type: null, num_gpu: 0, region: "us-east", disk_ids: [] },
    { vm_id: "v3", gpu_type: "A40", num_gpu: 2, region: "eu-north1", disk_ids: ["c"] },
    { vm_id: "v4", gpu_type: null, num_gpu: 0, region: null, disk_ids: [] },
  ]);
});

test("versions keep their times, and one that was replaced at once never was", async () => {
  const analytics = await buildInventory({
    rows: {
      vms: [
        { id: "v", name: "old", _valid_from: "2026-01-01 00:00:00", _valid_to: "2026-02-01 00:00:00" },
        { id: "v", name: "never", _valid_from: "2026-02-01 00:00:00", _valid_to: "2026-02-01 00:00:00" },
        { id: "v", name: "new", _valid_from: "2026-02-01 00:00:00" },
      ],
    },
  });
  expect(
    await analytics.all(
      "select vm_name, valid_from, valid_to, is_current from marts.dim_vm order by valid_from",
    ),
  ).toEqual([
    { vm_name: "old", valid_from: "2026-01-01 00:00:00", valid_to: "2026-02-01 00:00:00", is_current: false },
    { vm_name: "new", valid_from: "2026-02-01 00:00:00", valid_to: null, is_current: true },
  ]);
});

test("a disk has the VMs that hold it, by its own entry or by theirs, as of each version", async () => {
  const analytics = await buildInventory({
    rows: {
      disks: [
        disk("d1", "1GiB", {
          attached_to: [{ vm_id: "v2" }, { vm_id: "v1" }],
          _valid_to: "2026-02-01 00:00:00",
        }),
        disk("d1", "1GiB", { attached_to: null, _valid_from: "2026-02-01 00:00:00" }),
        disk("d2", "1GiB"),
      ],
      vms: [
        { id: "v1", disks: [{ id: "d1" }], _valid_to: "2026-03-01 00:00:00" },
        { id: "v3", disks: [{ id: "d2" }] },
      ],
    },
  });
  expect(
    await analytics.all(
      "select disk_id, attached_vm_id, attached_vm_ids from marts.dim_disk order by 1, valid_from",
    ),
  ).toEqual([
    { disk_id: "d1", attached_vm_id: "v1", attached_vm_ids: ["v1", "v2"] },
    { disk_id: "d1", attached_vm_id: null, attached_vm_ids: [] },
    { disk_id: "d2", attached_vm_id: "v3", attached_vm_ids: ["v3"] },
  ]);
});

test("a reservation counts GPUs, by VM type or by itself", async () => {
  const analytics = await buildInventory({
    rows: {
      vm_types: [
        { product_name: "h100-80gb-sxm-ib.8x", gpu_type: "H100", num_gpu: 8 },
        { product_name: "c1a.8x", num_gpu: 0 },
      ],
      reservations: [
        {
          id: "r1",
          product_line: "H100-80gb-sxm-ib.8x",
          quantity: 4,
          locations: ["us-east1-a", "eu-north1-a"],
        },
        { id: "r2", product_line: "h100-80gb-sxm-ib", quantity: 32, locations: [] },
        { id: "r3", product_line: "a40.4x", quantity: 2 },
        { id: "r4", product_line: "c1a.8x", quantity: 10 },
        { id: "r5", product_line: "something else", quantity: 3 },
      ],
    },
  });
  expect(
    await analytics.all(
      "select reservation_id, vm_type, gpu_type, reserved_gpus, locations from marts.dim_reservation order by 1",
    ),
  ).toEqual([
    {
      reservation_id: "r1",
      vm_type: "H100-80gb-sxm-ib.8x",
      gpu_type: "H100",
      reserved_gpus: 32,
      locations: ["eu-north1-a", "us-east1-a"],
    },
    { reservation_id: "r2", vm_type: null, gpu_type: "H100", reserved_gpus: 32, locations: [] },
    { reservation_id: "r3", vm_type: "a40.4x", gpu_type: "A40", reserved_gpus: 8, locations: [] },
    { reservation_id: "r4", vm_type: "c1a.8x", gpu_type: null, reserved_gpus: 0, locations: [] },
    { reservation_id: "r5", vm_type: null, gpu_type: null, reserved_gpus: 3, locations: [] },
  ]);
});

test("VM types of several organisations are one list", async () => {
  const analytics = await buildInventory({
    rows: {
      vm_types: [
        {
          organization_id: "a",
          product_name: "x.2x",
          gpu_type: "X",
          num_gpu: 2,
          _valid_to: "2026-03-01 00:00:00",
        },
        { organization_id: "b", product_name: "x.2x", gpu_type: "X", num_gpu: 2 },
        { organization_id: "b", product_name: "y.4x", gpu_type: "Y", num_gpu: 4 },
        { organization_id: "a", product_name: "y.4x", gpu_type: "Y", num_gpu: 4 },
      ],
    },
  });
  expect(
    await analytics.all("select vm_type, num_gpu, is_current from marts.dim_vm_type order by 1"),
  ).toEqual([
    { vm_type: "x.2x", num_gpu: 2, is_current: true },
    { vm_type: "y.4x", num_gpu: 4, is_current: true },
  ]);
});
