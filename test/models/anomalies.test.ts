import { expect, test, vi } from "vitest";
import { dayText, openDailyUsage } from "./daily-usage.ts";

vi.setConfig({ testTimeout: 240_000 });

// A Monday.
const start = "2026-06-01";
const days = 120;
const weekday = (at: number) => (at % 7 >= 5 ? 0.2 : 1);
const series = (project: string, level: number, change: (at: number) => number = () => 0, more = {}) => ({
  project,
  hours: Array.from({ length: days }, (_, at) => level * weekday(at) + change(at)),
  ...more,
});

test("a spike and a drop are told with their size and what explains them; a new kind of weekend is told once", async () => {
  // Day 100 is a Wednesday, day 110 a Saturday, and weekends change from day 82 on.
  const on = (day: number, hours: number) => (at: number) => (at === day ? hours : 0);
  const analytics = await openDailyUsage({
    start,
    days,
    series: [
      series("a", 100, on(100, 300)),
      series("b", 100, on(100, 100)),
      series("c", 100, on(100, 50)),
      series("d", 100, on(100, 10)),
      series("e", 100, on(100, -20)),
      series("drop", 500, on(101, -500), { resourceType: "a100.1x", region: "eu-north1" }),
      series("weekends", 100, (at) => (at >= 82 && at % 7 >= 5 ? 400 : 0), {
        resourceType: "l40s.1x",
        region: "x1",
      }),
    ],
  });
  await analytics.build({ select: "+fct_gpu_hours_trend" });
  const found = await analytics.all(`
    select usage_date, scope, scope_value, round(anomaly_score, 2) as score, expected_gpu_hours::double as expected,
      anomaly_gpu_hours::double as size, anomaly_drivers
    from marts.fct_gpu_hours_trend
    where is_anomaly and scope in ('gpu_type', 'project') order by usage_date, scope, scope_value
  `);
  const told = (
    day: number,
    scope: string,
    scope_value: string,
    expected: number,
    size: number,
    spread: number,
    anomaly_drivers: string,
  ) => ({
    usage_date: dayText(start, day),
    scope,
    scope_value,
    // The spread is a twentieth of what is expected, for all days of a weekday were alike.
    score: Number((size / spread).toFixed(2)),
    expected,
    size,
    anomaly_drivers,
  });
  expect(found).toEqual([
    // A Saturday and its Sunday, against weekends of 20: the level of the days before was the usual one.
    told(82, "gpu_type", "L40S", 20, 400, 1, "weekends +400.00 GPU-hours (100 %)"),
    told(82, "project", "weekends", 20, 400, 1, "l40s.1x +400.00 GPU-hours (100 %)"),
    told(83, "gpu_type", "L40S", 20, 400, 1, "weekends +400.00 GPU-hours (100 %)"),
    told(83, "project", "weekends", 20, 400, 1, "l40s.1x +400.00 GPU-hours (100 %)"),
    told(
      100,
      "gpu_type",
      "H100",
      500,
      440,
      25,
      "a +300.00 GPU-hours (68 %), b +100.00 GPU-hours (23 %), c +50.00 GPU-hours (11 %)",
    ),
    told(100, "project", "a", 100, 300, 5, "h100.8x +300.00 GPU-hours (100 %)"),
    told(100, "project", "b", 100, 100, 5, "h100.8x +100.00 GPU-hours (100 %)"),
    told(100, "project", "c", 100, 50, 5, "h100.8x +50.00 GPU-hours (100 %)"),
    told(100, "project", "e", 100, -20, 5, "h100.8x -20.00 GPU-hours (100 %)"),
    told(101, "gpu_type", "A100", 500, -500, 25, "drop -500.00 GPU-hours (100 %)"),
    told(101, "project", "drop", 500, -500, 25, "a100.1x -500.00 GPU-hours (100 %)"),
  ]);
  const drivers = await analytics.all(`
    select driver_kind, driver_rank::integer as driver_rank, driver_value, gpu_hours::double as gpu_hours,
      expected_gpu_hours::double as expected, driver_gpu_hours::double as size, round(share, 4) as share
    from marts.fct_gpu_hours_anomaly_drivers where scope = 'all' and usage_date = '${dayText(start, 101)}' order by all
  `);
  // Everything together is 1,100 on such a day, 500 of it by one project.
  const driver = { driver_rank: 1, gpu_hours: 0, expected: 500, size: -500, share: 1 };
  expect(drivers).toEqual([
    { driver_kind: "project", ...driver, driver_value: "drop" },
    { driver_kind: "resource_type", ...driver, driver_value: "a100.1x" },
  ]);
});
