import { expect, test, vi } from "vitest";
import { dayText, openDailyUsage, type ProjectSeries } from "./daily-usage.ts";

vi.setConfig({ testTimeout: 240_000 });

// From Thursday, 1 January 2026, to Sunday, 17 May: a February between, and a month that is not over.
const start = "2026-01-01";
const days = 137;

/** Integers of a millionth of a GPU-hour, the same in every run, with days of 0. */
function hours(seed: number, length: number): number[] {
  let state = seed;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % 9 === 0 ? 0 : (state % 700_000_000) / 1e6;
  });
}

const series: readonly (ProjectSeries & { gpu: string })[] = [
  { project: "a", hours: hours(1, days), gpu: "H100", resourceType: "h100.8x", region: "us-east1" },
  {
    project: "b",
    hours: hours(2, days),
    gpu: "A100",
    resourceType: "a100.1x",
    region: "us-east1",
    unread: [50, 51],
  },
  { project: "c", hours: hours(3, 60), gpu: "H100", resourceType: "h100.8x", region: "eu-north1", from: 77 },
];
// Project b moves from one cost centre to the other on 1 April, day 90.
const costCentres = [
  "project_id,cost_centre,effective_from,effective_to",
  "a,Research,,",
  "b,Research,,2026-03-31",
  "b,Product,2026-04-01,",
];

interface Part {
  project: string;
  isIn: (day: number) => boolean;
}
const always = () => true;
const scopes: Record<string, Part[]> = {
  "all all": ["a", "b", "c"].map((project) => ({ project, isIn: always })),
  "project a": [{ project: "a", isIn: always }],
  "project b": [{ project: "b", isIn: always }],
  "project c": [{ project: "c", isIn: always }],
  "gpu_type H100": ["a", "c"].map((project) => ({ project, isIn: always })),
  "gpu_type A100": [{ project: "b", isIn: always }],
  "region us-east1": ["a", "b"].map((project) => ({ project, isIn: always })),
  "region eu-north1": [{ project: "c", isIn: always }],
  "cost_centre Research": [
    { project: "a", isIn: always },
    { project: "b", isIn: (day) => day < 90 },
  ],
  "cost_centre Product": [{ project: "b", isIn: (day) => day >= 90 }],
  "cost_centre unassigned": [{ project: "c", isIn: always }],
};

const one = 10n ** 12n;
const text = (units: bigint | null) =>
  units === null ? null : `${units / one}.${String(units % one).padStart(12, "0")}`;
const mean = (total: bigint | null, count: bigint) =>
  total === null ? null : text((total * 2n + count) / (count * 2n));

/** A scope's day in units of 10^-12: null where it was not read for a project that had used GPUs in it by then. */
function dayOf(parts: readonly Part[], firstDays: readonly number[], day: number): bigint | null {
  let total = 0n;
  for (const [at, part] of parts.entries()) {
    if (!part.isIn(day) || day < (firstDays[at] ?? 0)) continue;
    const own = series.find(({ project }) => project === part.project);
    if (own?.unread?.includes(day)) return null;
    total += BigInt(Math.round((own?.hours[day - (own.from ?? 0)] ?? 0) * 1e6)) * 10n ** 6n;
  }
  return total;
}

function known(values: readonly (bigint | null)[]): bigint | null {
  return values.reduce(
    (sum, value) => (sum === null || value === null ? null : sum + value),
    0n as bigint | null,
  );
}

const date = (day: number) => new Date(Date.parse(dayText(start, day)));
const monthStart = (day: number) => day - date(day).getUTCDate() + 1;

test("means, month to date, weeks and months are those of integers reckoned apart, for every scope", async () => {
  const analytics = await openDailyUsage({
    start,
    days,
    series,
    files: { "cost-centres.csv": `${costCentres.join("\n")}\n` },
  });
  await analytics.build({ select: "+fct_gpu_hours_trend,+fct_gpu_hours_by_period" });
  const trend = await analytics.all(`
    select scope || ' ' || scope_value as scope, usage_date, mean_7d, mean_28d, month_to_date, previous_month_to_date,
      month_to_date_change, week_on_week
    from marts.fct_gpu_hours_trend where not is_forecast order by scope, usage_date
  `);
  const periods = await analytics.all(`
    select scope || ' ' || scope_value as scope, * exclude (scope, scope_value, scope_name)
    from marts.fct_gpu_hours_by_period order by scope, period, period_start
  `);
  expect([...new Set(trend.map(({ scope }) => scope))].sort()).toEqual(Object.keys(scopes).sort());
  for (const [scope, parts] of Object.entries(scopes)) {
    const firstDays = parts.map(({ project, isIn }) => {
      const own = series.find((each) => each.project === project);
      const from = own?.from ?? 0;
      return from + (own?.hours.findIndex((value, at) => value > 0 && isIn(from + at)) ?? 0);
    });
    const first = Math.min(...firstDays);
    const value = (day: number) => (day < 0 ? null : dayOf(parts, firstDays, day));
    const total = (from: number, to: number) =>
      known(Array.from({ length: to - from + 1 }, (_, at) => value(from + at)));
    const rows = trend.filter((row) => row.scope === scope);
    expect(rows).toHaveLength(days - first);
    for (const [at, row] of rows.entries()) {
      const day = first + at;
      const month = monthStart(day);
      const previous = monthStart(month - 1);
      const upTo = Math.min(previous + day - month, month - 1);
      const before = previous < 0 ? null : total(previous, upTo);
      const so = total(month, day);
      expect(row).toMatchObject({
        usage_date: dayText(start, day),
        mean_7d: day - first >= 6 ? mean(total(day - 6, day), 7n) : null,
        mean_28d: day - first >= 27 ? mean(total(day - 27, day), 28n) : null,
        month_to_date: text(so),
        previous_month_to_date: text(before),
      });
      const change = so === null || before === null || before === 0n ? null : Number(so) / Number(before) - 1;
      if (change === null) expect(row.month_to_date_change).toBeNull();
      else expect(Number(row.month_to_date_change)).toBeCloseTo(change, 9);
    }
    for (const row of periods.filter((each) => each.scope === scope)) {
      const from = Math.round((Date.parse(String(row.period_start)) - Date.parse(start)) / 86_400_000);
      const to = Math.round((Date.parse(String(row.period_end)) - Date.parse(start)) / 86_400_000);
      const length = to - from + 1;
      expect(length).toBe(
        row.period === "week"
          ? 7
          : new Date(Date.UTC(date(from).getUTCFullYear(), date(from).getUTCMonth() + 1, 0)).getUTCDate(),
      );
      const values = Array.from({ length }, (_, at) => (from + at < days ? value(from + at) : null));
      const whole = known(values);
      const earlier = row.period === "week" ? from - 7 : monthStart(from - 1);
      const before = whole === null || earlier < 0 ? null : total(earlier, from - 1);
      expect([scope, row]).toMatchObject([
        scope,
        {
          days: length,
          known_days: values.filter((each) => each !== null).length,
          is_over: to < days,
          is_whole: whole !== null,
          daily_mean: mean(whole, BigInt(length)),
          previous_gpu_hours: text(before),
        },
      ]);
      if (whole !== null) expect(row.gpu_hours).toBe(text(whole));
      if (whole === null || before === null) expect(row.change).toBeNull();
      else expect(BigInt(String(row.change).replace(".", ""))).toBe(whole - before);
    }
  }
});
