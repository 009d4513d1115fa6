import { expect, test } from "vitest";
import { buildOrganization, type TestOrganization } from "./organization.ts";

/** As far as these tests look. */
const buildUsage = (organization: TestOrganization) =>
  buildOrganization(organization, {
    select:
      "+fct_usage_revisions,+fct_usage_daily,+dim_vm,+dim_project,+fct_resource_usage_daily,+fct_gpu_hours_daily",
  });

const day = "2026-11-01";
const usage = (more: Record<string, unknown>) => ({
  usage_date: day,
  resource_type: "h100-80gb-sxm-ib.8x",
  billable_metric: "gpu-hours",
  quantity: "1",
  ...more,
});
const h100 = { product_name: "h100-80gb-sxm-ib.8x", gpu_type: "H100", num_gpu: 8 };

test("usage has every row that is known now, to the last digit, and none that was replaced", async () => {
  const analytics = await buildUsage({
    rows: {
      usage: [
        usage({ quantity: "2.123456789012" }),
        usage({
          region: null,
          resource_type: "persistent-ssd",
          billable_metric: "gib-hours",
          quantity: "24000",
        }),
        usage({ reservation_id: "res-1", quantity: "96" }),
        usage({ project_id: "beta", quantity: "7", _known_to: "2026-11-03 01:00:00" }),
        usage({ project_id: "beta", quantity: "8", _known_from: "2026-11-03 01:00:00" }),
      ],
    },
  });
  const rows = await analytics.all(`
    select project_id, region, resource_type, billable_metric, reservation_id, quantity
    from marts.fct_usage_daily order by all
  `);
  expect(rows).toEqual(
    [
      ["alpha", "us-east1", "h100-80gb-sxm-ib.8x", "gpu-hours", "res-1", "96.000000000000"],
      ["alpha", "us-east1", "h100-80gb-sxm-ib.8x", "gpu-hours", null, "2.123456789012"],
      ["alpha", null, "persistent-ssd", "gib-hours", null, "24000.000000000000"],
      ["beta", "us-east1", "h100-80gb-sxm-ib.8x", "gpu-hours", null, "8.000000000000"],
    ].map(([project_id, region, resource_type, billable_metric, reservation_id, quantity]) => ({
      project_id,
      region,
      resource_type,
      billable_metric,
      reservation_id,
      quantity,
    })),
  );
});

test("a metric has one spelling, however it came, and rows of several spellings are summed", async () => {
  const spellings: [string, string][] = [
    ["gpu-hours", "gpu-hours"],
    ["GPU_HOURS", "gpu-hours"],
    ["gpu hours", "gpu-hours"],
    ["gpuHours", "gpu-hours"],
    ["Instance-Hours", "instance-hours"],
    ["vm hours", "instance-hours"],
    ["GiB_Hours", "gib-hours"],
    ["gib hours", "gib-hours"],
    ["Egress GB", "egress-gb"],
    ["requestCount", "request-count"],
    ["IOPS", "iops"],
    ["ü metrics", "ü-metrics"],
  ];
  const analytics = await buildUsage({
    rows: { usage: spellings.map(([billable_metric], at) => usage({ billable_metric, quantity: 10 ** at })) },
  });
  const expected = new Map<string, number>();
  for (const [at, [, metric]] of spellings.entries())
    expected.set(metric, (expected.get(metric) ?? 0) + 10 ** at);
  const rows = await analytics.all(
    "select billable_metric, quantity::bigint as quantity from marts.fct_usage_daily",
  );
  expect(new Map(rows.map((row) => [row.billable_metric, Number(row.quantity)]))).toEqual(expected);
});

test("GPU-hours are the quantity in GPU-hours, else instance-hours times the GPUs of the type", async () => {
  const analytics = await buildUsage({
    rows: {
      vm_types: [
        h100,
        { product_name: "a100-80gb.4x", gpu_type: "A100", num_gpu: 4 },
        { product_name: "c1a.8x", gpu_type: null, num_gpu: 0 },
        // What the API said last of a type that it no longer lists.
        { product_name: "x1.2x", gpu_type: "X1", num_gpu: 2, _valid_to: "2026-06-01 00:00:00" },
      ],
      usage: [
        usage({ quantity: "100.5" }),
        usage({ resource_type: "A100-80GB.4x", billable_metric: "instance hours", quantity: "2.25" }),
        usage({ resource_type: "c1a.8x", billable_metric: "instance-hours", quantity: "48" }),
        usage({ resource_type: "c2b.8x", billable_metric: "instance-hours", quantity: "48" }),
        usage({ resource_type: "persistent-ssd", billable_metric: "gib-hours", quantity: "24000" }),
        usage({ resource_type: "a40.8x", billable_metric: "vm-hours", quantity: "3" }),
        usage({ resource_type: "x1.2x", billable_metric: "hours", quantity: "5" }),
        usage({ resource_type: "q9-1tb.4x", billable_metric: "gpu-hours", quantity: "1" }),
      ],
    },
  });
  const rows = await analytics.all(
    "select resource_type, gpu_type, gpu_hours, is_reserved from marts.fct_gpu_hours_daily order by resource_type",
  );
  expect(rows).toEqual([
    { resource_type: "A100-80GB.4x", gpu_type: "A100", gpu_hours: "9.000000000000", is_reserved: false },
    { resource_type: "a40.8x", gpu_type: "A40", gpu_hours: "24.000000000000", is_reserved: false },
    {
      resource_type: "h100-80gb-sxm-ib.8x",
      gpu_type: "H100",
      gpu_hours: "100.500000000000",
      is_reserved: false,
    },
    { resource_type: "q9-1tb.4x", gpu_type: "Q9", gpu_hours: "1.000000000000", is_reserved: false },
    { resource_type: "x1.2x", gpu_type: "X1", gpu_hours: "10.000000000000", is_reserved: false },
  ]);
});

test("usage of a GPU type that nothing says the GPUs of is warned about, and is no GPU-hours", async () => {
  const analytics = await buildOrganization({
    rows: { usage: [usage({ resource_type: "a40", billable_metric: "instance-hours", quantity: "5" })] },
  });
  expect(await analytics.all("select * from marts.fct_gpu_hours_daily")).toEqual([]);
  expect(analytics.context.effects.said()).toContain("gpu_usage_is_counted");
  expect(await analytics.all("select quantity from marts.fct_usage_daily")).toEqual([
    { quantity: "5.000000000000" },
  ]);
});

test("usage by resource keeps each resource apart", async () => {
  const analytics = await buildUsage({
    rows: {
      resource_usage: [
        usage({ resource_id: "vm-1", resource_name: "one", quantity: "24" }),
        usage({ resource_id: "vm-1", resource_name: "one", billable_metric: "GPU_HOURS", quantity: "1" }),
        usage({ resource_id: "vm-2", resource_name: "=cmd|'/c calc'!A1", quantity: "12" }),
        usage({ resource_id: "vm-3", quantity: "9", _known_to: "2026-11-03 02:00:00" }),
      ],
    },
  });
  expect(
    await analytics.all(
      "select resource_id, resource_name, quantity from marts.fct_resource_usage_daily order by resource_id",
    ),
  ).toEqual([
    { resource_id: "vm-1", resource_name: "one", quantity: "25.000000000000" },
    { resource_id: "vm-2", resource_name: "=cmd|'/c calc'!A1", quantity: "12.000000000000" },
  ]);
});

test("a restated day keeps every value with the times at which it was known", async () => {
  const analytics = await buildUsage({
    rows: {
      usage: [
        usage({ quantity: "10", _known_from: "2026-11-02 00:10:00", _known_to: "2026-11-03 00:10:00" }),
        usage({ quantity: "12", _known_from: "2026-11-03 00:10:00", _known_to: "2026-11-03 03:00:00" }),
        // Replaced in the instant of its reading: it was never known.
        usage({ quantity: "99", _known_from: "2026-11-03 03:00:00", _known_to: "2026-11-03 03:00:00" }),
        usage({ project_id: "beta", quantity: "5" }),
        usage({
          project_id: "gone",
          quantity: "1",
          _known_from: "2026-11-02 00:10:00",
          _known_to: "2026-11-03 00:10:00",
        }),
        usage({ project_id: "gone", quantity: "4", _known_from: "2026-11-03 05:00:00" }),
      ],
    },
  });
  expect(
    await analytics.all(`
      select project_id, revision, quantity::double as quantity, previous_quantity::double as previous_quantity,
        strftime(known_from, '%d %H') as known_from, strftime(known_to, '%d %H') as known_to
      from marts.fct_usage_revisions order by project_id, revision
    `),
  ).toEqual([
    {
      project_id: "alpha",
      revision: 1,
      quantity: 10,
      previous_quantity: null,
      known_from: "02 00",
      known_to: "03 00",
    },
    {
      project_id: "alpha",
      revision: 2,
      quantity: 12,
      previous_quantity: 10,
      known_from: "03 00",
      known_to: "03 03",
    },
    {
      project_id: "alpha",
      revision: 3,
      quantity: null,
      previous_quantity: 12,
      known_from: "03 03",
      known_to: null,
    },
    {
      project_id: "beta",
      revision: 1,
      quantity: 5,
      previous_quantity: null,
      known_from: "03 00",
      known_to: null,
    },
    {
      project_id: "gone",
      revision: 1,
      quantity: 1,
      previous_quantity: null,
      known_from: "02 00",
      known_to: "03 00",
    },
    {
      project_id: "gone",
      revision: 2,
      quantity: null,
      previous_quantity: 1,
      known_from: "03 00",
      known_to: "03 05",
    },
    {
      project_id: "gone",
      revision: 3,
      quantity: 4,
      previous_quantity: null,
      known_from: "03 05",
      known_to: null,
    },
  ]);
});

test("a metric that comes in two spellings has one line of revisions, of their sum", async () => {
  const analytics = await buildUsage({
    rows: {
      usage: [
        usage({ quantity: "10", _known_from: "2026-11-02 00:10:00" }),
        usage({
          billable_metric: "GPU_HOURS",
          quantity: "3",
          _known_from: "2026-11-02 00:10:00",
          _known_to: "2026-11-03 00:10:00",
        }),
        usage({ billable_metric: "gpu hours", quantity: "3", _known_from: "2026-11-03 00:10:00" }),
      ],
    },
  });
  expect(
    await analytics.all("select revision, quantity::integer as quantity from marts.fct_usage_revisions"),
  ).toEqual([{ revision: 1, quantity: 13 }]);
});

test("names are data, whatever they hold", async () => {
  const names = [
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    `a'b"c;--`,
    "two\nlines",
    "\u202Ertl\u202C",
    "🦙",
    "x".repeat(300),
    "'; drop table raw.usage; --",
  ];
  const analytics = await buildOrganization({
    rows: {
      projects: names.map((name, at) => ({ id: `p${at}`, name })),
      usage: names.map((_, at) => usage({ project_id: `p${at}` })),
      vms: names.map((name, at) => ({
        project_id: `p${at}`,
        id: `vm${at}`,
        name,
        type: name,
        state: name,
        location: name,
      })),
    },
  });
  await analytics.publish();
  expect(
    await analytics.published("select project_name from fct_gpu_hours_daily order by project_id"),
  ).toEqual(names.map((project_name) => ({ project_name })));
  expect(await analytics.published("select vm_name from dim_vm order by vm_id")).toEqual(
    names.map((vm_name) => ({ vm_name })),
  );
});

test("a project that shows only in usage, or has no name, goes by its id", async () => {
  const analytics = await buildUsage({
    rows: {
      projects: [
        { id: "alpha", name: "Old name", _valid_to: "2026-05-01 00:00:00" },
        { id: "alpha", name: "Training", _valid_from: "2026-05-01 00:00:00" },
        { id: "beta", name: "  " },
        { id: "left", name: "Left", _valid_to: "2026-05-01 00:00:00" },
      ],
      usage: [usage({ project_id: "ghost", _known_from: "2026-11-02 00:00:00" })],
    },
    files: {
      "cost-centres.csv": [
        "project_id,cost_centre,owner,effective_from,effective_to",
        ",Shared,,,",
        "alpha,Research,Ada,2026-01-01,2026-10-31",
        "alpha,Product,Grace,2026-11-01,",
      ].join("\n"),
    },
  });
  expect(
    await analytics.all(
      "select project_id, project_name, cost_centre, owner, is_current, first_seen_at from marts.dim_project order by 1",
    ),
  ).toEqual([
    {
      project_id: "alpha",
      project_name: "Training",
      cost_centre: "Product",
      owner: "Grace",
      is_current: true,
      first_seen_at: "2026-01-01 00:00:00",
    },
    {
      project_id: "beta",
      project_name: "beta",
      cost_centre: "Shared",
      owner: null,
      is_current: true,
      first_seen_at: "2026-01-01 00:00:00",
    },
    {
      project_id: "ghost",
      project_name: "ghost",
      cost_centre: "Shared",
      owner: null,
      is_current: false,
      first_seen_at: "2026-11-02 00:00:00",
    },
    {
      project_id: "left",
      project_name: "Left",
      cost_centre: "Shared",
      owner: null,
      is_current: false,
      first_seen_at: "2026-01-01 00:00:00",
    },
  ]);
});
