import type { TopLevelSpec } from "vega-lite";
import { shortDate } from "../month.ts";
import { colour } from "../theme.ts";
import { amountAxis } from "./axes.ts";
import { type Chart, type Frame, type Padding, plot } from "./draw.ts";
import { type EdgeLabel, edgeLabels, edgeRoom } from "./edge-labels.ts";
import { axisEnd, fromZero } from "./scale.ts";
import type { Spot } from "./spots.ts";

/** A day of a trend, as doubles for drawing only; null where nothing is known. */
export interface TrendPoint {
  day: string;
  hours: number | null;
  mean: number | null;
  isAnomaly: boolean;
  /** What is reserved on it. */
  reserved: number | null;
  forecast: number | null;
  low: number | null;
  high: number | null;
}

export interface Trend {
  label: string;
  points: readonly TrendPoint[];
  /** The last mean, as it is read. */
  lastMean: string;
  /** The days that the page is about; the end is exclusive. */
  period: { start: string; end: string };
  spots: readonly Spot[];
}

type Placed = TrendPoint & { at: number };

/** A bar for each day with the line of means, its anomalies, what is reserved, and what is forecast. */
export function trendChart(trend: Trend): Chart {
  return {
    label: trend.label,
    spec: (frame) => spec(trend, frame),
    spots: { direction: "columns", spots: trend.spots, padding },
  };
}

function padding({ name }: Frame): Padding {
  return name === "wide"
    ? { left: 52, top: 44, right: edgeRoom, bottom: 38 }
    : { left: 44, top: 44, right: 14, bottom: 38 };
}

function spec({ points, lastMean, period }: Trend, frame: Frame): TopLevelSpec {
  const isWide = frame.name === "wide";
  const base = plot(frame, isWide ? 260 : 200, padding(frame));
  const dayWidth = base.width / points.length;
  // A day stands at the middle of its slot; the axis counts slots, so that no time zone can move one.
  const values: Placed[] = points.map((point, i) => ({ ...point, at: i + 0.5 }));
  const end = axisEnd(
    points.flatMap(({ hours, reserved, forecast, high }) => [
      hours ?? 0,
      reserved ?? 0,
      forecast ?? 0,
      high ?? 0,
    ]),
  );
  const x = {
    field: "at",
    type: "quantitative" as const,
    scale: { domain: [0, points.length], nice: false },
  };
  const y = { field: "hours", type: "quantitative", scale: fromZero(end) } as const;
  const from = Math.max(
    0,
    points.findIndex(({ day }) => day >= period.start),
  );
  const to = points.findIndex(({ day }) => day >= period.end);
  const lastPoint = values.findLast(({ mean }) => mean !== null);
  const stepped = values.flatMap(({ at, reserved }) => [
    { at: at - 0.5, hours: reserved },
    { at: at + 0.5, hours: reserved },
  ]);
  return {
    ...base,
    data: { values },
    layer: [
      {
        data: { values: [{ from, to: to < 0 ? points.length : to }] },
        mark: { type: "rect", color: colour("wash") },
        encoding: { x: { ...x, field: "from" }, x2: { field: "to" } },
      },
      {
        transform: [{ filter: "datum.hours !== null" }],
        mark: { type: "bar", color: colour("quiet"), width: Math.max(1, dayWidth - (isWide ? 2 : 1)) },
        encoding: {
          x: { ...x, axis: monthAxis(values, isWide) },
          y: { ...y, axis: amountAxis("GPU-hours a day", frame, { titleY: -30 }) },
        },
      },
      {
        transform: [{ filter: "datum.low !== null && datum.high !== null" }],
        mark: { type: "area", color: colour("accent"), opacity: 0.18 },
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } },
      },
      {
        transform: [{ filter: "datum.forecast !== null" }],
        mark: { type: "line", color: colour("accent"), strokeWidth: 2, strokeDash: [4, 3] },
        encoding: { x, y: { ...y, field: "forecast" } },
      },
      {
        data: { values: stepped },
        mark: { type: "line", color: colour("ink"), strokeWidth: 1.5, invalid: "break-paths-show-domains" },
        encoding: { x, y },
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
      {
        data: { values: labelledAnomalies(values, dayWidth) },
        mark: { type: "text", align: "center", baseline: "bottom", fill: colour("alert"), fontSize: 11 },
        encoding: { x, y: { value: -6 }, text: { field: "text" } },
      },
      {
        data: { values: lastPoint ? [lastPoint] : [] },
        mark: { type: "circle", color: colour("accent"), size: 44, opacity: 1 },
        encoding: { x, y: { ...y, field: "mean" } },
      },
      ...(isWide ? edgeLabels(labelsOf(values, lastMean), end, base) : []),
    ],
  };
}

/** The first of each month, and where there is room its middle. */
function monthAxis(values: readonly Placed[], isWide: boolean) {
  const ticks = values.filter(({ day }) => day.endsWith("-01") || (isWide && day.endsWith("-15")));
  const names = Object.fromEntries(ticks.map(({ day, at }) => [String(at), shortDate(day)]));
  return {
    title: null,
    grid: false,
    values: ticks.map(({ at }) => at),
    labelExpr: `${JSON.stringify(names)}[datum.value]`,
    labelFlush: false,
    labelPadding: 16,
  };
}

/** The date of each anomaly above the plot, but for those too near to the one before. */
function labelledAnomalies(points: readonly Placed[], dayWidth: number) {
  const room = 52;
  let lastX = Number.NEGATIVE_INFINITY;
  return points.flatMap((point, i) => {
    const at = i * dayWidth;
    if (!point.isAnomaly || at - lastX < room || i < 1) return [];
    lastX = at;
    return [{ ...point, text: shortDate(point.day) }];
  });
}

function labelsOf(values: readonly Placed[], lastMean: string): EdgeLabel[] {
  const mean = values.findLast(({ mean: value }) => value !== null)?.mean;
  const reserved = values.findLast((point) => point.reserved !== null)?.reserved;
  const forecast = values.findLast((point) => point.forecast !== null)?.forecast;
  const labels: EdgeLabel[] = [];
  if (typeof mean === "number") {
    labels.push({ text: `mean ${lastMean}`, value: mean, colour: "accent", key: "line" });
  }
  if (typeof reserved === "number") {
    labels.push({ text: "reserved", value: reserved, colour: "ink", key: "line" });
  }
  if (typeof forecast === "number") {
    labels.push({ text: "forecast", value: forecast, colour: "accent", key: "dashes" });
  }
  return labels;
}
