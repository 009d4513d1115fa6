import type { TopLevelSpec } from "vega-lite";
import { type ColourName, colour } from "../theme.ts";
import { amountAxis, dayAxis, dayScale } from "./axes.ts";
import { type Chart, type Frame, type Padding, plot } from "./draw.ts";
import { type EdgeLabel, edgeLabels, edgeRoom } from "./edge-labels.ts";
import { axisEnd, fromZero } from "./scale.ts";
import type { Spot } from "./spots.ts";

/** A kind that each day's bar is stacked of. */
export interface Stack {
  name: string;
  /** What stands beside it at the edge, such as its share. */
  note: string;
  colour: ColourName;
}

/** What a line over the bars says of a day, as doubles for drawing only. */
export interface DayForecast {
  day: string;
  value: number;
  low: number | null;
  high: number | null;
}

export interface StackedDays {
  label: string;
  unit: string;
  /** Every day of the axis, with or without a bar. */
  days: readonly string[];
  /** The part of each kind in each day; the kinds from the axis upwards. */
  stacks: readonly Stack[];
  cells: readonly { day: string; type: string; hours: number }[];
  /** The day whose bar has the names beside it: by default the last that has one. */
  labelledDay?: string | undefined;
  /** Days that were not read: no bar stands there, and none could. */
  unread: readonly string[];
  /** A limit that holds for each day, such as what is reserved, drawn as steps over the bars. */
  limit?: { name: string; values: readonly { day: string; value: number }[] } | undefined;
  forecast?: readonly DayForecast[];
  /** Whether it is drawn at one width alone. */
  isCompact?: boolean;
  /** What is said of each day of the axis. */
  spots: readonly Spot[];
}

/** A bar for each day, stacked of kinds, with their names beside the last of them. */
export function stackedDaysChart(content: StackedDays): Chart {
  return {
    label: content.label,
    spec: (frame) => spec(content, frame),
    spots: { direction: "columns", spots: content.spots, padding },
    isCompact: content.isCompact ?? false,
  };
}

function padding({ name }: Frame): Padding {
  return name === "wide"
    ? { left: 52, top: 30, right: edgeRoom, bottom: 38 }
    : { left: 44, top: 30, right: 4, bottom: 38 };
}

function spec(content: StackedDays, frame: Frame): TopLevelSpec {
  const { days, stacks, cells, unread, unit, limit, forecast = [] } = content;
  const isWide = frame.name === "wide";
  const base = plot(frame, isWide ? 280 : 210, padding(frame));
  const ranks = new Map(stacks.map((stack, i) => [stack.name, i]));
  const weekends = days.filter((day) => [0, 6].includes(new Date(day).getUTCDay()) && !unread.includes(day));
  const limits = (limit?.values ?? []).filter(({ day }) => days.includes(day));
  const end = axisEnd([
    ...totalsOf(cells),
    ...limits.map(({ value }) => value),
    ...forecast.map(({ value, high }) => Math.max(value, high ?? 0)),
  ]);
  const x = dayScale(days);
  const y: DayAmount = { field: "hours", type: "quantitative", scale: fromZero(end) };
  return {
    ...base,
    layer: [
      {
        data: {
          values: [
            ...weekends.map((day) => ({ day, fill: colour("wash") })),
            ...unread.map((day) => ({ day, fill: colour("gap") })),
          ],
        },
        mark: { type: "rect" },
        encoding: { x, color: { field: "fill", type: "nominal", scale: null, legend: null } },
      },
      {
        data: {
          values: cells.map((cell) => ({
            ...cell,
            rank: ranks.get(cell.type) ?? stacks.length,
            fill: colour(stacks[ranks.get(cell.type) ?? -1]?.colour ?? "slate"),
          })),
        },
        mark: { type: "bar", stroke: colour("page"), strokeWidth: 0.75 },
        encoding: {
          x: { ...x, axis: dayAxis(days, frame) },
          y: { ...y, axis: amountAxis(unit, frame) },
          color: { field: "fill", type: "nominal", scale: null, legend: null },
          order: { field: "rank", type: "quantitative" },
        },
      },
      ...forecastLayers(forecast, x, y),
      // A stroke over each day, from edge to edge, so that a limit that changes reads as steps.
      {
        data: { values: limits.map(({ day, value }) => ({ day, hours: value })) },
        mark: {
          type: "tick",
          orient: "horizontal",
          thickness: 2,
          opacity: 1,
          size: base.width / days.length,
          color: colour("ink"),
        },
        encoding: { x, y },
      },
      ...(isWide ? edgeLabels(labelsOf(content, limits), end, base) : []),
    ],
  };
}

type DayAmount = { field: string; type: "quantitative"; scale: ReturnType<typeof fromZero> };

function forecastLayers(forecast: readonly DayForecast[], x: ReturnType<typeof dayScale>, y: DayAmount) {
  const values = forecast.map(({ day, value, low, high }) => ({ day, hours: value, low, high }));
  return [
    {
      data: { values: values.filter(({ low, high }) => low !== null && high !== null) },
      mark: { type: "bar", color: colour("quiet"), opacity: 0.7 } as const,
      encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } },
    },
    {
      data: { values },
      mark: { type: "line" as const, color: colour("accent"), strokeWidth: 2, strokeDash: [4, 3] },
      encoding: { x, y },
    },
  ];
}

/** The kinds where the bar of the last day has them, and the lines where they end. */
function labelsOf(
  { stacks, cells, days, limit, labelledDay, forecast = [] }: StackedDays,
  limits: readonly { value: number }[],
): EdgeLabel[] {
  const last =
    labelledDay ?? days.findLast((day) => cells.some((cell) => cell.day === day && cell.hours > 0));
  const hoursOf = new Map(cells.filter(({ day }) => day === last).map(({ type, hours }) => [type, hours]));
  let under = 0;
  const labels: EdgeLabel[] = stacks.map(({ name, note, colour: own }) => {
    const hours = hoursOf.get(name) ?? 0;
    under += hours;
    return { text: `${name} ${note}`, value: under - hours / 2, colour: own, key: "square" };
  });
  const [limited, expected] = [limits.at(-1), forecast.at(-1)];
  if (limit && limited) labels.push({ text: limit.name, value: limited.value, colour: "ink", key: "line" });
  if (expected) labels.push({ text: "forecast", value: expected.value, colour: "accent", key: "dashes" });
  return labels;
}

function totalsOf(cells: StackedDays["cells"]): number[] {
  const totals = new Map<string, number>();
  for (const { day, hours } of cells) totals.set(day, (totals.get(day) ?? 0) + hours);
  return [...totals.values()];
}
