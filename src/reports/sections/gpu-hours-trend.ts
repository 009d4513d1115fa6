import type { TopLevelSpec } from "vega-lite";
import { loadArquero } from "../charts/arquero.ts";
import { axisNumber } from "../charts/bars.ts";
import { type Frame, type Padding, plot } from "../charts/draw.ts";
import { chartLabel } from "../charts/label.ts";
import type { Spot } from "../charts/spots.ts";
import { counted, formatChange, formatHours, formatRatio } from "../format.ts";
import { html } from "../html.ts";
import { addDays, daysBetween, type Period, shortDate } from "../month.ts";
import { defineSection, type ReportFacts } from "../section.ts";
import { table } from "../table.ts";
import { colour } from "../theme.ts";

interface TrendRow {
  usage_date: string;
  gpu_hours: string | null;
  mean_7d: string | null;
  mean_28d: string | null;
  week_on_week: number | null;
  month_on_month: number | null;
  is_anomaly: boolean;
  anomaly_reason: string | null;
}

interface TrendPoint {
  day: string;
  hours: number | null;
  mean: number | null;
  isAnomaly: boolean;
}

export const gpuHoursTrend = defineSection<TrendRow>({
  id: "gpu-hours-trend",
  title: "Trend",
  short: "Trend",
  query: "gpu_hours_trend",
  async view(rows, facts) {
    const last = rows.findLast((row) => row.mean_7d !== null);
    if (!last) return { lead: "There are not enough days yet for a trend." };
    const lead = leadOf(rows, last, facts);
    const points = await everyDay(rows);
    return {
      lead,
      legend: html`<ul class="legend" aria-hidden="true"><li><i class="key accent stroke"></i>7-day mean</li><li><i class="key quiet"></i>GPU-hours of a day</li><li><i class="key ring"></i>Anomaly</li></ul>`,
      chart: {
        label: `A line of the 7-day mean of GPU-hours a day over thirteen weeks, with a bar for each day. ${lead}`,
        spec: (frame) => trendSpec(points, formatHours(last.mean_7d ?? "0"), facts.period, frame),
        spots: { direction: "columns", spots: trendSpots(points, rows), padding: trendPadding },
      },
      table: trendTable(rows, facts),
      isTableFolded: true,
    };
  },
});

function leadOf(rows: readonly TrendRow[], last: TrendRow, { period }: ReportFacts): string {
  const before = rows.find((row) => row.usage_date === addDays(last.usage_date, -28));
  const change = formatChange(last.mean_7d, before?.mean_7d ?? null);
  const anomalies = rows.filter((row) => row.is_anomaly && row.usage_date >= period.start).length;
  const mean = `On ${shortDate(last.usage_date)} the mean of the last seven days was ${formatHours(last.mean_7d ?? "0")} GPU-hours a day`;
  return `${mean}${change === null ? "" : `, ${change} on four weeks earlier`}. ${
    anomalies === 0
      ? "No day of the month stands out."
      : `${counted(anomalies, "day", "days")} of the month ${anomalies === 1 ? "stands" : "stand"} out.`
  }`;
}

/** Every day from first to last: one that is not in the table is a gap in the line, not a straight stroke. */
async function everyDay(rows: readonly TrendRow[]): Promise<TrendPoint[]> {
  const { table: arquero, escape: plainly } = await loadArquero();
  const first = rows[0]?.usage_date ?? "";
  const count = daysBetween(first, rows.at(-1)?.usage_date ?? first) + 1;
  const known = arquero({
    day: rows.map((row) => row.usage_date),
    hours: rows.map((row) => (row.gpu_hours === null ? null : Number(row.gpu_hours))),
    mean: rows.map((row) => (row.mean_7d === null || row.gpu_hours === null ? null : Number(row.mean_7d))),
    isAnomaly: rows.map((row) => row.is_anomaly),
  });
  return arquero({ day: Array.from({ length: count }, (_, i) => addDays(first, i)) })
    .join_left(known, "day")
    .impute({ hours: () => null, mean: () => null })
    .derive({ isAnomaly: plainly(({ isAnomaly }: { isAnomaly: boolean | undefined }) => isAnomaly === true) })
    .orderby("day")
    .objects()
    .map((row) => row as TrendPoint);
}

function trendPadding({ name }: Frame): Padding {
  return name === "wide"
    ? { left: 52, top: 44, right: 96, bottom: 38 }
    : { left: 44, top: 44, right: 14, bottom: 38 };
}

function trendSpots(points: readonly TrendPoint[], rows: readonly TrendRow[]): Spot[] {
  const byDay = new Map(rows.map((row) => [row.usage_date, row]));
  return points.map(({ day }) => {
    const row = byDay.get(day);
    const lines =
      row === undefined || row.gpu_hours === null
        ? ["not read"]
        : [
            `${formatHours(row.gpu_hours)} GPU-hours`,
            ...(row.mean_7d === null ? [] : [`7-day mean: ${formatHours(row.mean_7d)}`]),
            ...(row.is_anomaly ? [chartLabel(row.anomaly_reason ?? "stands out", 120)] : []),
          ];
    return { name: shortDate(day), lines };
  });
}

function trendSpec(
  points: readonly TrendPoint[],
  lastMean: string,
  period: Period,
  frame: Frame,
): TopLevelSpec {
  const isWide = frame.name === "wide";
  const base = plot(frame, isWide ? 260 : 200, trendPadding(frame));
  const dayWidth = base.width / points.length;
  // A day stands at the middle of its slot; the axis counts slots, so that no time zone can move one.
  const values = points.map((point, i) => ({ ...point, at: i + 0.5 }));
  const ticks = values.filter(({ day }) => day.endsWith("-01") || (isWide && day.endsWith("-15")));
  const tickNames = Object.fromEntries(ticks.map(({ day, at }) => [String(at), shortDate(day)]));
  const monthStart = Math.max(
    0,
    points.findIndex(({ day }) => day >= period.start),
  );
  const end = values.findLast(({ mean }) => mean !== null);
  const x = slots(points.length);
  const y = { field: "hours", type: "quantitative", scale: { zero: true, nice: true } } as const;
  return {
    ...base,
    data: { values },
    layer: [
      {
        data: { values: [{ from: monthStart, to: points.length }] },
        mark: { type: "rect", color: colour("wash") },
        encoding: {
          x: { ...x, field: "from" },
          x2: { field: "to" },
        },
      },
      {
        transform: [{ filter: "datum.hours !== null" }],
        mark: { type: "bar", color: colour("quiet"), width: Math.max(1, dayWidth - (isWide ? 2.5 : 1)) },
        encoding: {
          x: {
            ...x,
            axis: {
              title: null,
              grid: false,
              values: ticks.map(({ at }) => at),
              labelExpr: `${JSON.stringify(tickNames)}[datum.value]`,
              labelFlush: false,
              labelPadding: 16,
            },
          },
          y: {
            ...y,
            axis: {
              title: "GPU-hours a day",
              titleAngle: 0,
              titleAlign: "left",
              titleAnchor: "end",
              titleX: isWide ? -48 : -40,
              titleY: -30,
              tickCount: 4,
              labelExpr: axisNumber(),
            },
          },
        },
      },
      {
        mark: {
          type: "line",
          color: colour("accent"),
          strokeWidth: 2.25,
          invalid: "break-paths-show-domains",
        },
        encoding: { x, y: { ...y, field: "mean" } },
      },
      {
        transform: [{ filter: "datum.isAnomaly && datum.hours !== null" }],
        mark: {
          type: "point",
          shape: "circle",
          size: 80,
          stroke: colour("alert"),
          strokeWidth: 2,
          fill: colour("page"),
        },
        encoding: { x, y },
      },
      ...anomalyLabels(values, dayWidth, x),
      ...(end
        ? [
            {
              data: { values: [end] },
              mark: { type: "circle", color: colour("accent"), size: 44 } as const,
              encoding: { x, y: { ...y, field: "mean" } },
            },
          ]
        : []),
      ...(end && isWide
        ? [
            {
              data: { values: [{ ...end, text: lastMean }] },
              mark: {
                type: "text",
                align: "left",
                baseline: "middle",
                dx: 10,
                fontWeight: 600,
                fill: colour("accent"),
              } as const,
              encoding: { x, y: { ...y, field: "mean" }, text: { field: "text" } } as const,
            },
          ]
        : []),
    ],
  };
}

function slots(count: number) {
  return { field: "at", type: "quantitative" as const, scale: { domain: [0, count], nice: false } };
}

/** The date of each anomaly above the plot, but for those too near to the one before. */
function anomalyLabels(
  points: readonly (TrendPoint & { at: number })[],
  dayWidth: number,
  x: ReturnType<typeof slots>,
) {
  const room = 52;
  let lastX = Number.NEGATIVE_INFINITY;
  const labelled = points.flatMap((point, i) => {
    const at = i * dayWidth;
    if (!point.isAnomaly || at - lastX < room || i < 1) return [];
    lastX = at;
    return [{ ...point, text: shortDate(point.day) }];
  });
  return [
    {
      data: { values: labelled },
      mark: {
        type: "text",
        align: "center",
        baseline: "bottom",
        fill: colour("alert"),
        fontSize: 11,
      } as const,
      encoding: { x, y: { value: -6 }, text: { field: "text" } } as const,
    },
  ];
}

function trendTable(rows: readonly TrendRow[], { period }: ReportFacts) {
  const unread = html`<span class="none">not read</span>`;
  const hours = (value: string | null) =>
    value === null ? html`<span class="none">n/a</span>` : formatHours(value);
  const ratio = (value: number | null) => formatRatio(value) ?? html`<span class="none">n/a</span>`;
  return table(
    [
      { head: "Day", cell: (row) => row.usage_date },
      {
        head: "GPU-hours",
        isNumber: true,
        cell: (row) => (row.gpu_hours === null ? unread : formatHours(row.gpu_hours)),
      },
      { head: "7-day mean", isNumber: true, cell: (row) => hours(row.mean_7d) },
      { head: "28-day mean", isNumber: true, cell: (row) => hours(row.mean_28d) },
      { head: "Week on week", isNumber: true, cell: (row) => ratio(row.week_on_week) },
      { head: "Month on month", isNumber: true, cell: (row) => ratio(row.month_on_month) },
      { head: "Stands out", cell: (row) => (row.is_anomaly ? (row.anomaly_reason ?? "yes") : "") },
    ],
    rows,
    {
      id: "gpu-hours-trend",
      caption: `GPU-hours by day up to the end of ${period.name}, with means`,
      shown: 200,
      isWide: true,
    },
  );
}
