import { loadArquero } from "../charts/arquero.ts";
import { chartLabel } from "../charts/label.ts";
import type { Spot } from "../charts/spots.ts";
import { type TrendPoint, trendChart } from "../charts/trend.ts";
import { quotient, sum } from "../decimal.ts";
import { counted, formatChange, formatHours, formatRatio } from "../format.ts";
import { html } from "../html.ts";
import { addDays, daysBetween, shortDate } from "../month.ts";
import { defineSection, type Others, type ReportFacts } from "../section.ts";
import { type Column, table } from "../table.ts";
import { forecastText } from "./outlook.ts";
import type { ReservationDay } from "./reservation-days.ts";

export interface TrendRow {
  usage_date: string;
  gpu_hours: string | null;
  mean_7d: string | null;
  mean_28d: string | null;
  week_on_week: number | null;
  month_on_month: number | null;
  is_anomaly: boolean;
  anomaly_reason: string | null;
  is_forecast: boolean;
  forecast: string | null;
  forecast_low: string | null;
  forecast_high: string | null;
}

export const gpuHoursTrend = defineSection<TrendRow>({
  id: "gpu-hours-trend",
  title: "Trend",
  short: "Trend",
  query: "gpu_hours_trend",
  async view(rows, facts, others) {
    const { period } = facts;
    const last = rows.findLast((row) => row.mean_7d !== null && row.usage_date < period.end);
    if (!last) return { lead: "There are not enough days yet for a trend." };
    const lead = leadOf(rows, last, facts);
    const reserved = reservedByDay(others);
    const points = await everyDay(rows, reserved);
    const latest = rows.findLast((row) => row.mean_7d !== null) ?? last;
    const isForecast = rows.some(({ forecast }) => forecast !== null);
    return {
      lead,
      legend: html`<ul class="legend" aria-hidden="true"><li class="at-edge"><i class="key accent stroke"></i>7-day mean</li><li><i class="key quiet"></i>GPU-hours of a day</li><li><i class="key ring"></i>Anomaly</li>${
        isForecast &&
        html`<li class="at-edge"><i class="key accent dashes"></i>Forecast</li><li><i class="key band"></i>What four of five such forecasts kept to</li>`
      }${reserved.size > 0 && html`<li class="at-edge"><i class="key ink stroke"></i>Reserved</li>`}</ul>`,
      chart: trendChart({
        label: `A line of the 7-day mean of GPU-hours a day over thirteen weeks, with a bar for each day. ${lead}`,
        points,
        lastMean: formatHours(latest.mean_7d ?? "0"),
        period,
        spots: trendSpots(points, rows, reserved),
      }),
      table: trendTable(rows, isForecast, facts),
      isTableFolded: true,
    };
  },
});

function reservedByDay(others: Others): ReadonlyMap<string, string> {
  const rows = (others.get("reservation_days")?.rows ?? []) as unknown as readonly ReservationDay[];
  return new Map(rows.map((row) => [row.usage_date, row.reserved_gpu_hours]));
}

function leadOf(rows: readonly TrendRow[], last: TrendRow, { period }: ReportFacts): string {
  const before = rows.find((row) => row.usage_date === addDays(last.usage_date, -28));
  const change = formatChange(last.mean_7d, before?.mean_7d ?? null);
  const anomalies = rows.filter(
    (row) => row.is_anomaly && row.usage_date >= period.start && row.usage_date < period.end,
  ).length;
  const mean = `On ${shortDate(last.usage_date)} the mean of the last seven days was ${formatHours(last.mean_7d ?? "0")} GPU-hours a day`;
  const standOut =
    anomalies === 0
      ? `No day of the ${period.kind} stands out.`
      : `${counted(anomalies, "day", "days")} of the ${period.kind} ${anomalies === 1 ? "stands" : "stand"} out.`;
  return [
    `${mean}${change === null ? "" : `, ${change} on four weeks earlier`}. ${standOut}`,
    outlookOf(rows),
  ]
    .filter((sentence) => sentence !== null)
    .join(" ");
}

/** What the days to come are forecast at, on average; null where none is. */
function outlookOf(rows: readonly TrendRow[]): string | null {
  const expected = rows.filter(({ forecast }) => forecast !== null);
  const [first] = expected;
  const last = expected.at(-1);
  const total = sum(expected.map(({ forecast }) => forecast));
  const mean = total === null ? null : quotient(total, String(expected.length), 6);
  if (!first || !last || mean === null) return null;
  return `From ${shortDate(first.usage_date)} to ${shortDate(last.usage_date)}, ${formatHours(mean)} a day are forecast.`;
}

/** Every day from first to last: one that is not in the table is a gap in the line, not a straight stroke. */
async function everyDay(
  rows: readonly TrendRow[],
  reserved: ReadonlyMap<string, string>,
): Promise<TrendPoint[]> {
  const { table: arquero, escape: plainly } = await loadArquero();
  const first = rows[0]?.usage_date ?? "";
  const count = daysBetween(first, rows.at(-1)?.usage_date ?? first) + 1;
  const days = Array.from({ length: count }, (_, i) => addDays(first, i));
  const number = (value: string | null | undefined) =>
    value === null || value === undefined ? null : Number(value);
  const known = arquero({
    day: rows.map((row) => row.usage_date),
    hours: rows.map((row) => number(row.gpu_hours)),
    mean: rows.map((row) => (row.gpu_hours === null ? null : number(row.mean_7d))),
    isAnomaly: rows.map((row) => row.is_anomaly),
    forecast: rows.map((row) => number(row.forecast)),
    low: rows.map((row) => number(row.forecast_low)),
    high: rows.map((row) => number(row.forecast_high)),
  });
  return arquero({ day: days, reserved: days.map((day) => number(reserved.get(day))) })
    .join_left(known, "day")
    .impute({
      hours: () => null,
      mean: () => null,
      forecast: () => null,
      low: () => null,
      high: () => null,
    })
    .derive({ isAnomaly: plainly(({ isAnomaly }: { isAnomaly: boolean | undefined }) => isAnomaly === true) })
    .orderby("day")
    .objects()
    .map((row) => row as TrendPoint);
}

function trendSpots(
  points: readonly TrendPoint[],
  rows: readonly TrendRow[],
  reserved: ReadonlyMap<string, string>,
): Spot[] {
  const byDay = new Map(rows.map((row) => [row.usage_date, row]));
  return points.map(({ day }) => {
    const limit = reserved.get(day);
    return {
      name: shortDate(day),
      lines: [
        ...linesOf(byDay.get(day)),
        ...(limit === undefined ? [] : [`reserved: ${formatHours(limit)}`]),
      ],
    };
  });
}

function linesOf(row: TrendRow | undefined): string[] {
  if (row?.forecast) return [forecastText(row.forecast, row.forecast_low, row.forecast_high)];
  if (row === undefined || row.gpu_hours === null) return ["not read"];
  return [
    `${formatHours(row.gpu_hours)} GPU-hours`,
    ...(row.mean_7d === null ? [] : [`7-day mean: ${formatHours(row.mean_7d)}`]),
    ...(row.is_anomaly ? [chartLabel(row.anomaly_reason ?? "stands out", 120)] : []),
  ];
}

function trendTable(rows: readonly TrendRow[], isForecast: boolean, { period }: ReportFacts) {
  const none = html`<span class="none">n/a</span>`;
  const unread = html`<span class="none">not read</span>`;
  const hours = (value: string | null) => (value === null ? none : formatHours(value));
  const ratio = (value: number | null) => formatRatio(value) ?? none;
  const columns: Column<TrendRow>[] = [
    { head: "Day", cell: (row) => row.usage_date },
    {
      head: "GPU-hours",
      isNumber: true,
      cell: (row) =>
        row.gpu_hours === null ? (row.is_forecast ? none : unread) : formatHours(row.gpu_hours),
    },
    ...(isForecast
      ? [
          { head: "Forecast", isNumber: true, cell: (row: TrendRow) => hours(row.forecast) },
          { head: "80% low", isNumber: true, cell: (row: TrendRow) => hours(row.forecast_low) },
          { head: "80% high", isNumber: true, cell: (row: TrendRow) => hours(row.forecast_high) },
        ]
      : []),
    { head: "7-day mean", isNumber: true, cell: (row) => hours(row.mean_7d) },
    { head: "28-day mean", isNumber: true, cell: (row) => hours(row.mean_28d) },
    { head: "Week on week", isNumber: true, cell: (row) => ratio(row.week_on_week) },
    { head: "Month on month", isNumber: true, cell: (row) => ratio(row.month_on_month) },
    { head: "Stands out", cell: (row) => (row.is_anomaly ? (row.anomaly_reason ?? "yes") : "") },
  ];
  return table(columns, rows, {
    id: "gpu-hours-trend",
    caption: `GPU-hours by day up to the end of ${period.name}, with means`,
    shown: 200,
    isWide: true,
  });
}
