import { expect, test } from "vitest";
import { buildOrganization, type TestOrganization } from "./organization.ts";

/** As far as these tests look. */
const buildTrend = (organization: TestOrganization) =>
  buildOrganization(organization, { select: "+fct_gpu_hours_trend,+fct_usage_coverage" });

const dayText = (offset: number, start = Date.UTC(2026, 7, 3)) =>
  new Date(start + offset * 86_400_000).toISOString().slice(0, 10);
const usage = (usage_date: string, quantity: number | string, more: Record<string, unknown> = {}) => ({
  usage_date,
  resource_type: "h100-80gb-sxm-ib.8x",
  billable_metric: "gpu-hours",
  quantity,
  ...more,
});
const read = (window_from: string, window_to: string, more: Record<string, unknown> = {}) => ({
  stream: "usage",
  project_id: "alpha",
  window_from,
  window_to,
  attempted_at: "2026-11-03 00:10:00",
  ...more,
});
const all = "from marts.fct_gpu_hours_trend where scope = 'all' and not is_forecast";

test("the trend has each day from the first use to yesterday, for all, project, GPU type and region", async () => {
  const analytics = await buildTrend({
    rows: {
      projects: [{ id: "alpha", name: "Training" }],
      usage: [
        usage("2026-10-30", 10),
        usage("2026-10-31", 4, { project_id: "beta", resource_type: "a100.1x", region: "eu-north1" }),
        usage("2026-11-02", 6),
        // Today is partial.
        usage("2026-11-03", 1),
      ],
      read_windows: [
        read("2026-10-01", "2026-11-03"),
        read("2026-10-01", "2026-11-03", { project_id: "beta" }),
      ],
    },
  });
  const rows = await analytics.all(`
    select scope, scope_value, scope_name, list(gpu_hours::double order by usage_date) as gpu_hours,
      min(usage_date) as first_date, max(usage_date) as last_date
    from marts.fct_gpu_hours_trend group by all order by all
  `);
  expect(rows).toEqual([
    {
      scope: "all",
      scope_value: "all",
      scope_name: "All projects",
      gpu_hours: [10, 4, 0, 6],
      first_date: "2026-10-30",
      last_date: "2026-11-02",
    },
    {
      scope: "gpu_type",
      scope_value: "A100",
      scope_name: "A100",
      gpu_hours: [4, 0, 0],
      first_date: "2026-10-31",
      last_date: "2026-11-02",
    },
    {
      scope: "gpu_type",
      scope_value: "H100",
      scope_name: "H100",
      gpu_hours: [10, 0, 0, 6],
      first_date: "2026-10-30",
      last_date: "2026-11-02",
    },
    {
      scope: "project",
      scope_value: "alpha",
      scope_name: "Training",
      gpu_hours: [10, 0, 0, 6],
      first_date: "2026-10-30",
      last_date: "2026-11-02",
    },
    {
      scope: "project",
      scope_value: "beta",
      scope_name: "beta",
      gpu_hours: [4, 0, 0],
      first_date: "2026-10-31",
      last_date: "2026-11-02",
    },
    {
      scope: "region",
      scope_value: "eu-north1",
      scope_name: "eu-north1",
      gpu_hours: [4, 0, 0],
      first_date: "2026-10-31",
      last_date: "2026-11-02",
    },
    {
      scope: "region",
      scope_value: "us-east1",
      scope_name: "us-east1",
      gpu_hours: [10, 0, 0, 6],
      first_date: "2026-10-30",
      last_date: "2026-11-02",
    },
  ]);
});

test("a day that was read and had none is 0; one that was not read, or only before its end, is missing", async () => {
  const analytics = await buildTrend({
    rows: {
      usage: [usage("2026-10-26", 5)],
      read_windows: [
        read("2026-10-26", "2026-10-28"),
        read("2026-10-29", "2026-10-29", { status: "failed", message: "502" }),
        read("2026-10-30", "2026-10-30", { attempted_at: "2026-10-30 18:00:00" }),
        read("2026-10-31", "2026-11-01", { status: "failed", attempted_at: "2026-11-02 00:10:00" }),
        read("2026-11-01", "2026-11-01", { attempted_at: "2026-11-03 00:10:00" }),
      ],
    },
  });
  expect(await analytics.all(`select usage_date, gpu_hours::double as gpu_hours ${all} order by 1`)).toEqual([
    { usage_date: "2026-10-26", gpu_hours: 5 },
    { usage_date: "2026-10-27", gpu_hours: 0 },
    { usage_date: "2026-10-28", gpu_hours: 0 },
    { usage_date: "2026-10-29", gpu_hours: null },
    { usage_date: "2026-10-30", gpu_hours: null },
    { usage_date: "2026-10-31", gpu_hours: null },
    { usage_date: "2026-11-01", gpu_hours: 0 },
    { usage_date: "2026-11-02", gpu_hours: null },
  ]);
});

test("means are over calendar days, and null where one of them was not read for a project that counts", async () => {
  const days = Array.from({ length: 70 }, (_, at) => dayText(at));
  const analytics = await buildTrend({
    now: `${dayText(70)}T06:00:00Z`,
    rows: {
      usage: days.map((date, at) => usage(date, at + 1)),
      read_windows: [
        read(dayText(0), dayText(69), { attempted_at: `${dayText(70)} 00:10:00` }),
        // Another project's day that could not be read: it had GPUs from the first day on.
        read(dayText(0), dayText(59), { project_id: "beta", attempted_at: `${dayText(70)} 00:10:00` }),
        read(dayText(60), dayText(60), {
          project_id: "beta",
          status: "failed",
          attempted_at: `${dayText(70)} 00:10:00`,
        }),
        read(dayText(61), dayText(69), { project_id: "beta", attempted_at: `${dayText(70)} 00:10:00` }),
      ],
    },
  });
  await analytics.insert("usage", [usage(dayText(0), 0, { project_id: "beta" })]);
  await analytics.build();
  const rows = await analytics.all(
    `select mean_7d, mean_28d, round(week_on_week, 6) as week_on_week, round(month_on_month, 6) as month_on_month ${all} order by usage_date`,
  );
  // Day d has d + 1 hours: a mean of n days that end with it is d + 1 - (n - 1) / 2.
  expect(rows[5]).toEqual({ mean_7d: null, mean_28d: null, week_on_week: null, month_on_month: null });
  expect(rows[6]).toEqual({
    mean_7d: "4.000000000000",
    mean_28d: null,
    week_on_week: null,
    month_on_month: null,
  });
  expect(rows[13]).toMatchObject({ mean_7d: "11.000000000000", week_on_week: 1.75 });
  expect(rows[27]).toMatchObject({ mean_28d: "14.500000000000" });
  expect(rows[55]).toMatchObject({ mean_28d: "42.500000000000", month_on_month: 1.931034 });
  expect(rows[60]).toMatchObject({ mean_7d: null, mean_28d: null, week_on_week: null });
  expect(rows[66]).toMatchObject({ mean_7d: null });
  expect(rows[67]).toMatchObject({ mean_7d: "65.000000000000", week_on_week: null });
});

test("a mean is exact to the last of twelve places", async () => {
  const analytics = await buildTrend({
    rows: {
      usage: Array.from({ length: 7 }, (_, at) =>
        usage(dayText(at, Date.UTC(2026, 9, 27)), at === 0 ? "123456789.000000000001" : "0"),
      ),
    },
  });
  // 123456789000000000001 / 7 = 17636684142857142857.28…, in units of 10^-12.
  expect(await analytics.all(`select mean_7d ${all} and mean_7d is not null`)).toEqual([
    { mean_7d: "17636684.142857142857" },
  ]);
});

test("a day far from its weekday's usual is an anomaly that says why; a weekend is none", async () => {
  const start = Date.UTC(2026, 7, 31); // a Monday
  const hours = (at: number) => (at % 7 >= 5 ? 20 : 100 + (at % 3));
  const days = Array.from({ length: 64 }, (_, at) => at);
  const analytics = await buildTrend({
    now: "2026-11-03T06:00:00Z",
    rows: {
      usage: days.map((at) => usage(dayText(at, start), at === 61 ? 100 : hours(at))),
      read_windows: [read("2026-08-01", "2026-11-03")],
    },
  });
  const anomalies = await analytics.all(`select usage_date, anomaly_reason ${all} and is_anomaly order by 1`);
  // 31 October, day 61, is a Saturday: usual 20, spread 1.4826 × 0 and so 5 % of 20 = 1, at least 1.
  expect(anomalies).toEqual([
    {
      usage_date: "2026-10-31",
      anomaly_reason:
        "100.00 GPU-hours, where the median of the last 8 Saturdays is 20.00: 400 % above, 80.0 times the usual spread.",
    },
  ]);
});

test("a step to a new level is an anomaly on its first days only", async () => {
  const start = Date.UTC(2026, 7, 31); // a Monday
  const days = Array.from({ length: 64 }, (_, at) => at);
  // From day 43, a Tuesday, on there is twice as much, at weekends as well.
  const hours = (at: number) => (at % 7 >= 5 ? 20 : 100) * (at >= 43 ? 2 : 1);
  const analytics = await buildTrend({
    now: "2026-11-03T06:00:00Z",
    rows: {
      usage: days.map((at) => usage(dayText(at, start), hours(at))),
      read_windows: [read("2026-08-01", "2026-11-03")],
    },
  });
  expect(await analytics.all(`select usage_date ${all} and is_anomaly order by 1`)).toEqual([
    { usage_date: dayText(43, start) },
    { usage_date: dayText(44, start) },
  ]);
});

test("where the clock stands before the data, the trend goes on to the last day of use", async () => {
  const analytics = await buildTrend({
    now: "2026-10-01T00:00:00Z",
    rows: { usage: [usage("2026-10-05", 1), usage("2026-10-07", 1)] },
  });
  expect(
    await analytics.all(`select min(usage_date) as first_date, max(usage_date) as last_date ${all}`),
  ).toEqual([{ first_date: "2026-10-05", last_date: "2026-10-07" }]);
});

test("coverage says of each day whether it was read, failed, is not offered or not tried yet", async () => {
  const analytics = await buildTrend({
    now: "2026-11-03T06:00:00Z",
    rows: {
      projects: [{ id: "alpha", name: "Training" }],
      usage_options: [
        {
          start_date: "2026-10-27",
          end_date: "2026-11-30",
          projects: ["alpha"],
          regions: [],
          resource_types: [],
        },
      ],
      read_windows: [
        read("2026-10-28", "2026-10-29", { attempted_at: "2026-10-30 01:00:00" }),
        read("2026-10-29", "2026-10-30", {
          attempted_at: "2026-10-31 01:00:00",
          status: "failed",
          message: "502 Bad Gateway",
        }),
        read("2026-11-03", "2026-11-09", { attempted_at: "2026-11-03 01:00:00" }),
        read("2026-10-27", "2026-11-02", { stream: "resource_usage", status: "not_offered", message: "403" }),
      ],
    },
  });
  const rows = await analytics.all(`
    select stream, usage_date, status, read_at, message, project_name
    from marts.fct_usage_coverage order by stream desc, usage_date
  `);
  const day = (
    usage_date: string,
    status: string,
    read_at: string | null = null,
    message: string | null = null,
  ) => ({
    stream: "usage",
    usage_date,
    status,
    read_at,
    message,
    project_name: "Training",
  });
  expect(rows.slice(0, 8)).toEqual([
    day("2026-10-27", "not_yet"),
    day("2026-10-28", "complete", "2026-10-30 01:00:00"),
    day("2026-10-29", "complete", "2026-10-30 01:00:00"),
    day("2026-10-30", "failed", null, "502 Bad Gateway"),
    day("2026-10-31", "not_yet"),
    day("2026-11-01", "not_yet"),
    day("2026-11-02", "not_yet"),
    day("2026-11-03", "partial", "2026-11-03 01:00:00", "Read before the day had ended."),
  ]);
  expect(rows.slice(8).map((row) => [row.stream, row.usage_date, row.status])).toEqual(
    [27, 28, 29, 30, 31]
      .map((date) => ["resource_usage", `2026-10-${date}`, "not_offered"])
      .concat([
        ["resource_usage", "2026-11-01", "not_offered"],
        ["resource_usage", "2026-11-02", "not_offered"],
      ]),
  );
});

test("a day is complete only if what is known of it was read whole after its end", async () => {
  const read = (usage_date: string, attempted_at: string, status = "complete", message?: string) => ({
    project_id: "alpha",
    stream: "usage",
    window_from: usage_date,
    window_to: usage_date,
    attempted_at,
    status,
    message,
  });
  const quarantined = "2 of its rows could not be read";
  const analytics = await buildTrend({
    rows: {
      read_windows: [
        // In the last instant of the day, and in the first after it.
        read("2026-10-20", "2026-10-20 23:59:59.999"),
        read("2026-10-21", "2026-10-22 00:00:00"),
        // What was read last counts, also where it is less than what was read before.
        read("2026-10-22", "2026-10-23 01:00:00", "partial", quarantined),
        read("2026-10-22", "2026-10-24 01:00:00"),
        read("2026-10-23", "2026-10-24 01:00:00"),
        read("2026-10-23", "2026-10-25 01:00:00", "partial", quarantined),
        read("2026-10-24", "2026-10-25 01:00:00", "partial"),
        // A reading that failed takes nothing back.
        read("2026-10-25", "2026-10-26 01:00:00"),
        read("2026-10-25", "2026-10-27 01:00:00", "failed", "502"),
        read("2026-10-26", "2026-10-26 12:00:00"),
        read("2026-10-26", "2026-10-27 01:00:00", "not_offered", "403"),
        read("2026-10-27", "2026-10-28 01:00:00", "not_offered", "403"),
        read("2026-10-27", "2026-10-29 01:00:00", "failed", "502"),
      ],
    },
  });
  const days = await analytics.all(`
    select strftime(usage_date, '%d') as day, status, strftime(read_at, '%d') as read_on, message
    from marts.fct_usage_coverage order by usage_date
  `);
  expect(days.map(({ day, status, read_on, message }) => [day, status, read_on, message])).toEqual([
    ["20", "partial", "20", "Read before the day had ended."],
    ["21", "complete", "22", null],
    ["22", "complete", "24", null],
    ["23", "partial", "25", quarantined],
    ["24", "partial", "25", "Some of its rows could not be read."],
    ["25", "complete", "26", null],
    ["26", "partial", "26", "Read before the day had ended."],
    ["27", "failed", null, "502"],
  ]);
});
