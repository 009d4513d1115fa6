import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { dayText, openDailyUsage } from "./daily-usage.ts";
import { type Analytics, openOrganization } from "./organization.ts";
import { restateUsage } from "./raw-tables.ts";

vi.setConfig({ testTimeout: 300_000 });

const start = "2026-03-02";

/** A model of the user's own: what was used on a day and on the two before it. */
const lastDays = (lookingBack: string, more = "") => `/*
description: Usage of three days.
${more}grain: [usage_date]
incremental: {by: usage_date, follows: [int_usage_daily]${lookingBack}}
columns:
  usage_date: The last of them.
  quantity: How much.
*/
with days as (select usage_date, sum(quantity) as quantity from int_usage_daily group by usage_date)
select
  usage_date,
  sum(quantity) over (order by usage_date range between interval 2 day preceding and current row) as quantity
from days`;

const usageOf = (day: number, quantity: number) => ({
  usage_date: dayText(start, day),
  resource_type: "h100.8x",
  billable_metric: "gpu-hours",
  quantity,
});

test("a day that changed is made anew with those after it that look back to it, and with no other", async () => {
  const analytics = await openOrganization({
    rows: { usage: [0, 1, 2, 3, 4, 5].map((day) => usageOf(day, 10 ** day)) },
    files: { "sql/marts/own_days.sql": lastDays(", looks_back: 2 days") },
  });
  const build = async () => {
    const { models } = await analytics.build({ select: "+own_days" });
    return models.find(({ name }) => name === "own_days")?.daysRebuilt;
  };
  const sums = async () =>
    (await analytics.all("select quantity::integer as sum from marts.own_days order by usage_date")).map(
      ({ sum }) => sum,
    );
  expect(await build()).toBeNull();
  expect(await sums()).toEqual([1, 11, 111, 1110, 11_100, 111_000]);
  await restateUsage(analytics.context.warehouse, `usage_date = '${dayText(start, 1)}'`, "20");
  expect(await build()).toBe(3);
  expect(await sums()).toEqual([1, 21, 121, 1120, 11_100, 111_000]);
  // Of the last day there are none after it.
  await analytics.insert("usage", [usageOf(6, 10 ** 6)]);
  expect(await build()).toBe(1);
  expect(await sums()).toEqual([1, 21, 121, 1120, 11_100, 111_000, 1_110_000]);
  // What was made of a day that is gone is made of the days that are left.
  await analytics.context.warehouse.run(`delete from raw.usage where usage_date = '${dayText(start, 5)}'`);
  expect(await build()).toBe(2);
  expect(await sums()).toEqual([1, 21, 121, 1120, 11_100, 1_010_000]);
});

test("a view that says that it looks back is refused, since what follows it takes the day alone", async () => {
  const analytics = await openOrganization({
    rows: { usage: [usageOf(0, 1)] },
    files: { "sql/marts/own_days.sql": lastDays(", looks_back: 2 days", "materialized: view\n") },
  });
  await expect(analytics.build({ select: "+own_days" })).rejects.toThrow(
    "sql/marts/own_days.sql:5: own_days looks back over days, which a view can't.",
  );
});

const byDayAndMonth = [
  "staging.stg_metered_months",
  "intermediate.int_usage_months",
  "marts.fct_usage_coverage",
  "intermediate.int_usage_read_days",
  "intermediate.int_gpu_hours_by_scope",
  "intermediate.int_gpu_hours_anomalies",
  "marts.fct_gpu_hours_anomaly_drivers",
  "marts.fct_gpu_hours_trend",
];

async function rowsOf({ all }: Analytics) {
  const rows: Record<string, unknown> = {};
  for (const relation of byDayAndMonth) {
    rows[relation] = await all(`select * from ${relation} order by all`);
  }
  return rows;
}

test("a trend whose days were restated, lost or added, and what usage was of by month, are those of a full build", async () => {
  const days = 300;
  let found = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        levels: fc.array(fc.integer({ min: 5, max: 400 }), { minLength: 2, maxLength: 3 }),
        // Days ago; each is restated, or its reading fails, or it is read and has nothing.
        changes: fc.array(
          fc.record({
            ago: fc.integer({ min: 1, max: 40 }),
            kind: fc.constantFrom("spike", "unread", "nothing"),
          }),
          { minLength: 1, maxLength: 3 },
        ),
        isNextDay: fc.boolean(),
      }),
      async ({ levels, changes, isNextDay }) => {
        const analytics = await openDailyUsage({
          start,
          days,
          series: levels.map((level, index) => ({
            project: `p${index}`,
            from: index * 60,
            resourceType: index === 1 ? "a100.1x" : "h100.8x",
            hours: Array.from(
              { length: days },
              (_, at) => level * (at % 7 > 4 ? 0.5 : 1) + ((at * 7919) % 13),
            ),
            unread: index === 0 ? [250] : [],
          })),
        });
        const { warehouse, effects } = analytics.context;
        const build = (fullRefresh: boolean) =>
          analytics.build({ select: "+fct_gpu_hours_trend,+int_usage_months", fullRefresh });
        await build(false);
        for (const { ago, kind } of changes) {
          const day = `date '${dayText(start, days - ago)}'`;
          const isOfDay = `usage_date = ${day} and project_id = 'p0'`;
          if (kind === "spike") await restateUsage(warehouse, isOfDay, "quantity * 5");
          else {
            await warehouse.run(
              `delete from raw.usage where ${isOfDay};
               update raw.read_windows set status = '${kind === "unread" ? "failed" : "complete"}'
               where window_from = ${day} and project_id = 'p0'`,
            );
          }
        }
        if (isNextDay) effects.now = () => new Date(`${dayText(start, days + 1)}T06:00:00Z`);
        const { models } = await build(false);
        for (const relation of byDayAndMonth) {
          const [, name] = relation.split(".");
          const model = models.find((each) => each.name === name);
          expect([name, model?.whyFull]).toEqual([name, null]);
        }
        const byDay = await rowsOf(analytics);
        await build(true);
        expect(byDay).toEqual(await rowsOf(analytics));
        found += (byDay["intermediate.int_gpu_hours_anomalies"] as unknown[]).length;
      },
    ),
    { numRuns: 4 },
  );
  expect(found).toBeGreaterThan(0);
});
