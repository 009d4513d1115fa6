import { expect, test, vi } from "vitest";
import { dayText, openDailyUsage, type ProjectSeries } from "./daily-usage.ts";

vi.setConfig({ testTimeout: 240_000 });

// A Monday; 47 weeks are known, and of 31 days more only the test knows.
const start = "2025-12-01";
const known = 329;
const ahead = 31;
const weekBack = 7;

/** Noise of mean 0 and deviation 1, the same in every run. */
function noise(seed: number): () => number {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return () => Array.from({ length: 12 }, next).reduce((sum, value) => sum + value, -6);
}

const weekday = (at: number) => (at % 7 >= 5 ? 0.3 : 1);
const series = (project: string, hours: (at: number) => number, more: Partial<ProjectSeries> = {}) => ({
  project,
  hours: Array.from({ length: known + ahead }, (_, at) => Number(Math.max(0, hours(at)).toFixed(2))),
  ...more,
});

const random = noise(11);
const constant = series("constant", () => 100);
const flat = series("flat", () => 100 + 4 * random());
const weekly = series("weekly", (at) => 200 * weekday(at) * (1 + 0.05 * random()));
const growth = series("growth", (at) => (100 + at) * weekday(at) * (1 + 0.04 * random()));
const step = series("step", (at) => (at < 250 ? 100 : 160) * weekday(at) * (1 + 0.04 * random()));
const intermittent = series("intermittent", () => (random() > 1 ? 60 + 10 * random() : 0));
const noisy = Array.from({ length: 12 }, (_, n) => {
  const own = noise(100 + n);
  return series(`noisy-${n}`, (at) => 300 * weekday(at) * (1 + 0.15 * own()));
});
// Three days of the running month, and one longer ago, could not be read.
const gaps = series("gaps", (at) => 50 * weekday(at), { unread: [200, 323, 324, 328] });
const young = { ...series("young", (at) => 10 + (at % 7)), from: known - 20 };
const tiny = { ...series("tiny", () => 10), from: known - 5 };
const regular = [constant, flat, weekly, growth, step, intermittent, ...noisy];

type Rows = Awaited<ReturnType<typeof build>>;
let rows: Promise<Rows> | undefined;

/** What is forecast for all of them: built once, by whichever test asks first. */
const forecasts = () => (rows ??= build());

async function build() {
  const analytics = await openDailyUsage({ start, days: known, series: [...regular, gaps, young, tiny] });
  const { tests } = await analytics.build();
  expect(tests.map(({ name }) => name)).toContain("forecast_is_never_worse_than_naive");
  expect(tests.filter(({ failingRows }) => failingRows > 0)).toEqual([]);
  const digests = () =>
    analytics.all(
      ["fct_gpu_hours_trend", "fct_gpu_hours_forecast", "fct_forecast_accuracy"]
        .map(
          (table) =>
            `select '${table}' as table_name, count(*) as rows, bit_xor(hash(t)) as digest from marts.${table} as t`,
        )
        .join(" union all "),
    );
  const byThreads = [await digests()];
  await analytics.context.warehouse.run("set threads = 1");
  await analytics.build({ select: "int_gpu_hours_by_scope+" });
  byThreads.push(await digests());
  return {
    byThreads,
    accuracy: await analytics.all(`
      select scope_value, target, method, is_chosen, comparisons, mean_absolute_error::double as error, error_to_naive
      from marts.fct_forecast_accuracy where scope = 'project'
    `),
    spans: await analytics.all(
      "from marts.fct_gpu_hours_forecast where scope = 'project' order by scope_value, target",
    ),
    days: await analytics.all(`
      select scope_value, usage_date, forecast, forecast_low, forecast_high
      from marts.fct_gpu_hours_trend where scope = 'project' and is_forecast order by scope_value, usage_date
    `),
    all: await analytics.all(`
      select is_forecast, min(usage_date) as first_date, max(usage_date) as last_date, count(*)::integer as days,
        count(forecast)::integer as forecasts, min(forecast_low) >= 0 as is_not_below_0,
        count(gpu_hours) filter (where is_forecast)::integer as used_days_to_come
      from marts.fct_gpu_hours_trend where scope = 'all' group by all order by all
    `),
  };
}

/** An amount as an integer of 10^-12 GPU-hours. */
const units = (amount: unknown) => BigInt(String(amount).replace(".", ""));

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const at = (values: readonly number[], index: number) => values[index] ?? Number.NaN;

/** The forecasts of 31 days after `origin` that need no more than a line. */
const plain: Record<string, (hours: readonly number[], origin: number, horizon: number) => number> = {
  last_value: (hours, origin) => at(hours, origin),
  same_weekday: (hours, origin, horizon) => at(hours, origin - 6 + ((horizon - 1) % 7)),
  mean_28d: (hours, origin) => sum(hours.slice(origin - 27, origin + 1)) / 28,
  weekday_median_8w(hours, origin, horizon) {
    const newest = origin - 6 + ((horizon - 1) % 7);
    const same = Array.from({ length: 8 }, (_, week) => at(hours, newest - 7 * week)).sort((a, b) => a - b);
    return (at(same, 3) + at(same, 4)) / 2;
  },
};

/** The back-test, by the letter of its description: from each of 26 weeks, 31 days, and their sums. */
function backTest(hours: readonly number[], method: string, spanDays: number) {
  const forecast = plain[method];
  if (!forecast) throw new Error(`no ${method}`);
  const days: number[] = [];
  const spans: number[] = [];
  for (let week = 1; week <= 26; week++) {
    const origin = known - 1 - weekBack * week;
    const errors: number[] = [];
    for (let horizon = 1; horizon <= ahead && origin + horizon < known; horizon++) {
      errors.push(forecast(hours, origin, horizon) - at(hours, origin + horizon));
    }
    days.push(...errors.map(Math.abs));
    if (errors.length >= spanDays) spans.push(Math.abs(sum(errors.slice(0, spanDays))));
  }
  return { days, spans };
}

test("the error of each plain method is that of a back-test reckoned apart", async () => {
  const { accuracy } = await forecasts();
  for (const { project, hours } of regular) {
    for (const method of Object.keys(plain)) {
      const { days, spans } = backTest(hours, method, 30);
      for (const [target, errors] of [
        ["day", days],
        ["next_30_days", spans],
      ] as const) {
        const row = accuracy.find(
          (found) => found.scope_value === project && found.method === method && found.target === target,
        );
        expect([project, method, target, row?.comparisons]).toEqual([project, method, target, errors.length]);
        expect(Math.abs(Number(row?.error) - sum(errors) / errors.length)).toBeLessThan(1e-4);
      }
    }
  }
});

test("the chosen method is never worse than either naive one, in days, to the month's end and over 30 days", async () => {
  const { accuracy } = await forecasts();
  const chosen = accuracy.filter(({ is_chosen }) => is_chosen);
  // 25 October is the last known day, so that the month has 6 days to come.
  const spanDays: Record<string, number> = { month_end: 6, next_30_days: 30, day: 30 };
  for (const { project, hours } of regular) {
    for (const [target, days] of Object.entries(spanDays)) {
      const row = chosen.find((found) => found.scope_value === project && found.target === target);
      const naive = ["last_value", "same_weekday"].map((method) => {
        const errors = backTest(hours, method, days)[target === "day" ? "days" : "spans"];
        return sum(errors) / errors.length;
      });
      expect([project, target, Number(row?.error) <= Math.min(...naive) + 1e-4]).toEqual([
        project,
        target,
        true,
      ]);
    }
  }
  const learnable = ["flat", "weekly", "growth", "noisy-3"];
  const gains = chosen.filter(
    (row) => row.target === "next_30_days" && learnable.includes(String(row.scope_value)),
  );
  // Where there is something to learn from history, it is learnt.
  for (const { error_to_naive } of gains) expect(Number(error_to_naive)).toBeLessThan(0.8);
  expect(gains).toHaveLength(4);
});

test("of what came in fact, four fifths lie in the interval, and the forecast was nearer than the naive ones", async () => {
  const { days, spans } = await forecasts();
  let hits = 0;
  let count = 0;
  let totalHits = 0;
  const off = { forecast: 0, last_value: 0, same_weekday: 0 };
  for (const { project, hours } of noisy) {
    const own = days.filter((row) => row.scope_value === project);
    expect(own).toHaveLength(30);
    own.forEach((row, index) => {
      const came = at(hours, known + index);
      count++;
      if (Number(row.forecast_low) <= came && came <= Number(row.forecast_high)) hits++;
      off.forecast += Math.abs(Number(row.forecast) - came);
      for (const method of ["last_value", "same_weekday"] as const) {
        off[method] += Math.abs((plain[method]?.(hours, known - 1, index + 1) ?? 0) - came);
      }
    });
    const total = spans.find((row) => row.scope_value === project && row.target === "next_30_days");
    const came = sum(hours.slice(known, known + 30));
    if (Number(total?.forecast_low) <= came && came <= Number(total?.forecast_high)) totalHits++;
  }
  expect(hits / count).toBeGreaterThan(0.7);
  expect(hits / count).toBeLessThan(0.92);
  expect(totalHits / noisy.length).toBeGreaterThan(0.6);
  expect(off.forecast).toBeLessThan(Math.min(off.last_value, off.same_weekday));
});

test("a month's end is what is known and the forecast of every other day", async () => {
  const { spans, days, accuracy } = await forecasts();
  const row = spans.find(({ scope_value, target }) => scope_value === "constant" && target === "month_end");
  expect(row).toMatchObject({
    starts_on: "2026-10-01",
    ends_on: "2026-10-31",
    known_days: 25,
    known_gpu_hours: "2500.000000000000",
    missing_days: 0,
    forecast_days: 6,
    forecast: "3100.000000000000",
    forecast_low: "3100.000000000000",
    forecast_high: "3100.000000000000",
    method: "last_value",
    mean_absolute_error: "0.000000",
    note: null,
  });
  let compared = 0;
  for (const { scope_value, target, ends_on, known_gpu_hours, forecast, missing_days, method } of spans) {
    const daily = accuracy.find(
      (at) => at.scope_value === scope_value && at.target === "day" && at.is_chosen,
    );
    // Where the sum has a method of its own, since the naive ones differ in what they are good at, it stands alone.
    if (daily?.method !== method || missing_days !== 0) continue;
    const toCome = days
      .filter((day) => day.scope_value === scope_value && String(day.usage_date) <= String(ends_on))
      .reduce((total, day) => total + units(day.forecast), 0n);
    expect([scope_value, target, units(forecast)]).toEqual([
      scope_value,
      target,
      units(known_gpu_hours) + toCome,
    ]);
    compared++;
  }
  expect(compared).toBeGreaterThan(30);
});

test("days that could not be read are forecast too, and said", async () => {
  const { spans } = await forecasts();
  const [monthEnd, next30Days] = spans.filter(({ scope_value }) => scope_value === "gaps");
  // October 2026 has 22 weekdays of 50 and 9 weekend days of 15. Of the 25 days so far, which are 17 and 8, a Tuesday,
  // a Wednesday and a Sunday are missing.
  const hours = (amount: number) => `${amount}.000000000000`;
  expect(monthEnd).toMatchObject({
    target: "month_end",
    known_days: 22,
    missing_days: 3,
    forecast_days: 6,
    known_gpu_hours: hours(15 * 50 + 7 * 15),
    forecast: hours(22 * 50 + 9 * 15),
    note: "3 days of the span were not read whole, and forecast too.",
  });
  expect(next30Days).toMatchObject({ missing_days: 0, forecast: hours(22 * 50 + 8 * 15), note: null });
});

test("too little history gives a plain forecast without an interval, or none, and says so", async () => {
  const { spans } = await forecasts();
  const row = (project: string) =>
    spans.find(({ scope_value, target }) => scope_value === project && target === "next_30_days");
  expect(row("tiny")).toMatchObject({
    method: null,
    forecast: null,
    forecast_low: null,
    forecast_high: null,
    note: "No forecast: 5 of the last 56 days were read whole; 7 are needed.",
  });
  expect(row("young")).toMatchObject({
    method: "same_weekday",
    forecast_low: null,
    forecast_high: null,
    note: "Too little history for a back-test: as on the same weekday of the last known week, without an interval.",
  });
  // The last week of it, four times over and two days of it once more.
  const week = young.hours.slice(13, 20);
  expect(Number(row("young")?.forecast)).toBe(4 * sum(week) + sum(week.slice(0, 2)));
});

test("the trend keeps history and forecast apart: 30 days to come follow the last whole one", async () => {
  const { all } = await forecasts();
  expect(all).toEqual([
    {
      is_forecast: false,
      first_date: start,
      last_date: dayText(start, known - 1),
      days: known,
      forecasts: 0,
      is_not_below_0: null,
      used_days_to_come: 0,
    },
    {
      is_forecast: true,
      first_date: dayText(start, known),
      last_date: dayText(start, known + 29),
      days: 30,
      forecasts: 30,
      is_not_below_0: true,
      used_days_to_come: 0,
    },
  ]);
});

test("one thread forecasts, to the last place, what several do", async () => {
  const { byThreads } = await forecasts();
  expect(byThreads[1]).toEqual(byThreads[0]);
});
