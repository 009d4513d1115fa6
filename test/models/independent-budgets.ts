import { dayText, decimalText } from "./exact-text.ts";
import { allocated, type BorneCost, reportingCurrency } from "./independent-allocation.ts";
import { isReadWhole } from "./independent-reservations.ts";
import { centreOn, divided, type Sums, total } from "./independent-sums.ts";
import { dateOf } from "./independent-trend.ts";
import type { BudgetLine } from "./random-finance.ts";
import { type RandomOrganization, today } from "./random-organization.ts";

/*
 * What budgets of a random organisation should say, in integers of 10^-10 from decision 44.
 */

interface ForecastBasis {
  /** What a day cost, in 10^-10. */
  costOn(day: number): bigint;
  /** Whether a day before the forecast was read whole. */
  isRead(day: number): boolean;
  /** The first day that cost anything. */
  first: number;
  /** The day on which it is forecast: it and what follows is not known. */
  asOf: number;
  /** What is known of a day that is not over, or not read whole. */
  soFar(day: number): bigint;
}

/** What each day from one to another is forecast to cost; null where nothing was known by then. */
export function forecastDays(
  { costOn, isRead, first, asOf, soFar }: ForecastBasis,
  from: number,
  to: number,
): bigint[] | null {
  const micros = (day: number) => divided(costOn(day), 10_000n);
  const past: number[] = [];
  for (let day = asOf - 28; day < asOf; day++) if (day >= first && isRead(day)) past.push(day);
  if (past.length === 0) return null;
  const mean = (days: readonly number[]) => divided(total(days.map(micros)), BigInt(days.length));
  const usual = (day: number) => {
    const same = past.filter((other) => (day - other) % 7 === 0);
    return mean(same.length > 0 ? same : past);
  };
  const week = past.filter((day) => day >= asOf - 7);
  const weekCost = total(week.map(micros));
  const weekUsual = total(week.map(usual));
  const expected = (day: number) =>
    (weekUsual === 0n ? usual(day) : divided(usual(day) * weekCost, weekUsual)) * 10_000n;
  const most = (a: bigint, b: bigint) => (a > b ? a : b);
  const days: bigint[] = [];
  for (let day = from; day <= to; day++) {
    days.push(day < asOf && isRead(day) ? costOn(day) : most(expected(day), soFar(day)));
  }
  return days;
}

/** What a cost centre, or all, costs by day in the currency that it is budgeted in. */
interface Series {
  scope: "all" | "cost_centre";
  centre: string | null;
  currency: string;
  /** Null where none of a day's usage is priced. */
  costs: Map<number, { cost: bigint | null; hasUnpriced: boolean }>;
}

const daysFrom = (from: number, to: number) =>
  Array.from({ length: Math.max(to - from + 1, 0) }, (_, at) => from + at);

const monthOf = (day: number) => dayText(day).slice(0, 7);

/** The days of a month, as 2026-11. */
function daysOf(month: string): { from: number; to: number } {
  const [year = 0, number = 0] = month.split("-").map(Number);
  const dayNumber = (time: number) => (time - dateOf(0).getTime()) / 86_400_000;
  return { from: dayNumber(Date.UTC(year, number - 1, 1)), to: dayNumber(Date.UTC(year, number, 0)) };
}

const seriesKey = ({ scope, centre, currency }: Pick<Series, "scope" | "centre" | "currency">) =>
  JSON.stringify([scope, centre, currency]);

/** Whether a budget is of a cost centre, or of all; what has no cost centre is in no budget of one. */
const isOf = (line: BudgetLine, scope: Series["scope"], centre: string | null) =>
  scope === "all" ? line.centre === null : centre !== null && line.centre === centre;

function seriesOf(organization: RandomOrganization): Map<string, Series> {
  const { budgets } = organization.finance;
  const series = new Map<string, Series>();
  const of = (scope: Series["scope"], centre: string | null, currency: string) => {
    const key = seriesKey({ scope, centre, currency });
    const found = series.get(key) ?? { scope, centre, currency, costs: new Map() };
    series.set(key, found);
    return found;
  };
  const add = (
    scope: Series["scope"],
    centre: string | null,
    { day, currency, total: sum, hasUnpriced }: BorneCost,
  ) => {
    const isBudgeted = budgets.some(
      (line) => isOf(line, scope, centre) && line.month === monthOf(day) && line.currency === currency,
    );
    const reporting = isBudgeted || currency === reportingCurrency ? null : (sum?.reporting ?? null);
    const { costs } = of(scope, centre, reporting === null ? currency : reportingCurrency);
    const before = costs.get(day);
    const cost = reporting ?? sum?.own ?? null;
    costs.set(day, {
      cost: cost === null ? (before?.cost ?? null) : (before?.cost ?? 0n) + cost,
      hasUnpriced: hasUnpriced || (before?.hasUnpriced ?? false),
    });
  };
  const isAllBudgeted = budgets.some(({ centre }) => centre === null);
  for (const row of allocated(organization).borne) {
    const centre = row.project === null ? null : centreOn(organization, row.project, row.day);
    add("cost_centre", centre, row);
    if (isAllBudgeted) add("all", null, row);
  }
  for (const { centre, currency } of budgets) of(centre === null ? "all" : "cost_centre", centre, currency);
  return series;
}

/** A month of a series, with what is known of it. */
interface Month {
  series: Series;
  month: string;
  from: number;
  to: number;
  budget: bigint | null;
  actual: bigint | null;
  /** What each day is forecast to cost, in the current month only. */
  forecastDays: bigint[] | null;
  forecast: bigint | null;
  hasUnpriced: boolean;
  isRead(day: number): boolean;
}

function monthsOf(organization: RandomOrganization): Month[] {
  const { projects, windows, finance } = organization;
  return [...seriesOf(organization).values()].flatMap((series) => {
    const { scope, centre, currency, costs } = series;
    const members = (day: number) =>
      projects.filter(({ id }) => scope === "all" || centreOn(organization, id, day) === centre);
    /** Whether a past day was read whole by every project of it. */
    const isRead = (day: number) => day >= 0 && members(day).every(({ id }) => isReadWhole(windows, id, day));
    const budgets = finance.budgets.filter((line) => isOf(line, scope, centre) && line.currency === currency);
    const first = Math.min(...[...costs].filter(([, { cost }]) => cost !== null).map(([day]) => day));
    const costOn = (day: number) => costs.get(day)?.cost ?? 0n;
    const months = new Set([
      ...budgets.map(({ month }) => month),
      ...[...costs.keys()].map(monthOf),
      // What cost anything before may do so in the current month.
      ...(first < today ? [monthOf(today)] : []),
    ]);
    return [...months].map((month): Month => {
      const { from, to } = daysOf(month);
      const within = [...costs].filter(([day]) => day >= from && day <= to).map(([, cost]) => cost);
      const known = within.flatMap(({ cost }) => (cost === null ? [] : [cost]));
      const hasUnpriced = within.some((day) => day.hasUnpriced);
      const wasRead = daysFrom(from, Math.min(to, today - 1)).some(isRead);
      const actual = known.length > 0 ? total(known) : wasRead && !hasUnpriced ? 0n : null;
      const isCurrent = from <= today && to >= today;
      const basis = { costOn, isRead, first, asOf: today, soFar: costOn };
      // What never cost anything is expected to cost nothing.
      const days =
        first === Number.POSITIVE_INFINITY ? daysFrom(from, to).map(() => 0n) : forecastDays(basis, from, to);
      return {
        series,
        month,
        from,
        to,
        budget: budgets.find((line) => line.month === month)?.amount ?? null,
        actual,
        forecastDays: isCurrent ? days : null,
        forecast: isCurrent ? days && total(days) : to < today ? actual : null,
        hasUnpriced,
        isRead,
      };
    });
  });
}

const text = (amount: bigint | null) => (amount === null ? null : decimalText(amount, 10));

export function expectedBudgets(organization: RandomOrganization): Sums<unknown> {
  return new Map(
    monthsOf(organization).map((one) => {
      const { series, month, from, to, budget, actual, forecast, hasUnpriced, isRead } = one;
      const past = daysFrom(from, Math.min(to, today - 1));
      return [
        JSON.stringify([series.scope, series.centre, `${month}-01`, series.currency]),
        {
          budget: text(budget),
          actual: text(actual),
          forecast: text(forecast),
          remaining: budget === null || actual === null ? null : text(budget - actual),
          forecast_remaining: budget === null || forecast === null ? null : text(budget - forecast),
          status: statusOf(one),
          days_in_month: to - from + 1,
          days_elapsed: past.length,
          // Days before anything was read are not missing.
          missing_days: past.filter((day) => day >= 0 && !isRead(day)).length,
          has_unpriced_usage: hasUnpriced,
        },
      ];
    }),
  );
}

function statusOf({ budget, actual, forecast, from, to }: Month): string {
  if (budget === null) return "no_budget";
  if (from > today) return "upcoming";
  if (actual === null && forecast === null) return "unknown";
  if (actual !== null && actual > budget) return "over";
  if (forecast !== null && forecast > budget) return "at_risk";
  return to < today ? "within" : "on_track";
}

export function expectedBurnDown(organization: RandomOrganization): Sums<unknown> {
  const expected: Sums<unknown> = new Map();
  for (const { series, from, to, budget, forecastDays: forecast, isRead } of monthsOf(organization)) {
    if (budget === null || from > today) continue;
    const { scope, centre, currency, costs } = series;
    const length = BigInt(to - from + 1);
    let toDate: bigint | null = null;
    let isBroken = false;
    for (const day of daysFrom(from, to)) {
      const isKnown = day < today && isRead(day);
      const isForecast = to >= today && !isKnown;
      const own = costs.get(day);
      // Of usage that has no price nothing says what it costs; without any it cost nothing.
      const known: bigint | null = own?.cost ?? (isKnown && !own?.hasUnpriced ? 0n : null);
      const isUnpriced = own?.cost === null && own.hasUnpriced;
      const cost: bigint | null = isKnown && isUnpriced ? null : (forecast?.[day - from] ?? known);
      isBroken ||= isForecast && cost === null;
      if (cost !== null) toDate = (toDate ?? 0n) + cost;
      const sum = isBroken ? null : toDate;
      expected.set(JSON.stringify([scope, centre, currency, dayText(day)]), {
        budget: text(budget),
        is_forecast: isForecast,
        cost: text(cost),
        cost_to_date: text(sum),
        remaining: sum === null ? null : text(budget - sum),
        even_remaining: text(divided(budget * BigInt(to - day), length)),
      });
    }
  }
  return expected;
}
