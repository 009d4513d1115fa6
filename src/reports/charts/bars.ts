import type { TopLevelSpec } from "vega-lite";
import { type ColourName, colour } from "../theme.ts";
import { axisNumber } from "./axes.ts";
import { type Chart, type Frame, type Padding, plot } from "./draw.ts";
import { chartLabel } from "./label.ts";

/** One horizontal bar. Its value is a double for drawing only; what is read is its text. */
export interface Bar {
  label: string;
  value: number;
  text: string;
  /** The month before, drawn as a tick. */
  previous?: number | null;
  /** What it may come to, such as a budget, drawn as a longer tick. */
  limit?: number | null;
  /** What stands under its name where the reader points at it; by default its text. */
  lines?: readonly string[];
  colour?: ColourName;
}

export interface BarsOptions {
  label: string;
  /** What the axis counts, such as `GPU-hours` or `USD`. */
  unit: string;
  /** What stands before a number on the axis, such as `$`. */
  prefix?: string;
}

/** Horizontal bars from zero, each with its name and its figure beside it, and a tick for the month before. */
export function barsChart(bars: readonly Bar[], options: BarsOptions): Chart {
  return {
    label: options.label,
    spec: (frame) => barsSpec(bars, options, frame),
    spots: {
      direction: "rows",
      spots: bars.map(({ label, text, lines }) => ({
        name: label,
        lines: lines ?? [options.prefix ? text : `${text} ${chartLabel(options.unit, 40)}`],
      })),
      padding: barsPadding,
    },
  };
}

function barsSpec(bars: readonly Bar[], { unit, prefix }: BarsOptions, frame: Frame): TopLevelSpec {
  const isWide = frame.name === "wide";
  const step = isWide ? 32 : 46;
  const values = bars.map(({ label, ...bar }, i) => ({
    ...bar,
    previous: bar.previous ?? null,
    limit: bar.limit ?? null,
    key: i,
    name: chartLabel(label, isWide ? 33 : 30),
    fill: colour(bar.colour ?? "bar"),
  }));
  const furthest = Math.max(
    0,
    ...values.flatMap(({ value, previous, limit }) => [value, previous ?? 0, limit ?? 0]),
  );
  const least = Math.min(0, ...values.map(({ value }) => value));
  const y = { field: "key", type: "ordinal", axis: null, sort: null, scale: { padding: 0 } } as const;
  const padding = barsPadding(frame);
  const base = plot(frame, step * bars.length, padding);
  const right = base.width + padding.right - 4;
  return {
    ...base,
    data: { values },
    encoding: { y },
    layer: [
      {
        mark: { type: "bar", height: 14, cornerRadiusEnd: 2, yOffset: isWide ? 0 : 9 },
        encoding: {
          x: {
            field: "value",
            type: "quantitative",
            stack: null,
            scale: { domain: [least, furthest > 0 ? furthest : 1], nice: true },
            axis: {
              title: chartLabel(unit, 40),
              grid: true,
              tickCount: isWide ? 5 : 3,
              labelExpr: axisNumber(prefix),
              labelBound: true,
              labelFlush: true,
              titleY: 32,
            },
          },
          color: { field: "fill", type: "nominal", scale: null, legend: null },
        },
      },
      {
        transform: [{ filter: "datum.previous !== null" }],
        mark: {
          type: "tick",
          size: 22,
          thickness: 2,
          opacity: 1,
          color: colour("ink"),
          yOffset: isWide ? 0 : 9,
        },
        encoding: { x: { field: "previous", type: "quantitative" } },
      },
      {
        transform: [{ filter: "datum.limit !== null" }],
        mark: {
          type: "tick",
          size: 28,
          thickness: 3,
          opacity: 1,
          color: colour("alert"),
          yOffset: isWide ? 0 : 9,
        },
        encoding: { x: { field: "limit", type: "quantitative" } },
      },
      {
        mark: { type: "text", align: isWide ? "right" : "left", baseline: "middle", dy: isWide ? 0 : -10 },
        encoding: { x: { value: isWide ? -12 : 0 }, text: { field: "name" } },
      },
      {
        mark: {
          type: "text",
          align: "right",
          baseline: "middle",
          dy: isWide ? 0 : -10,
          fontWeight: 600,
        },
        encoding: { x: { value: isWide ? right : base.width }, text: { field: "text" } },
      },
    ],
  };
}

function barsPadding({ name }: Frame): Padding {
  return name === "wide"
    ? { left: 252, top: 8, right: 136, bottom: 48 }
    : { left: 6, top: 0, right: 10, bottom: 48 };
}
