import type { TopLevelSpec } from "vega-lite";
import { type ColourName, colour } from "../theme.ts";
import { amountAxis } from "./axes.ts";
import { type Chart, type Frame, type Padding, plot } from "./draw.ts";

/** A point of a line, as doubles for drawing only: when, and how much; null leaves a gap. */
export interface LinePoint {
  atMs: number;
  value: number | null;
}

export interface Line {
  colour: ColourName;
  points: readonly LinePoint[];
}

/** Where the axis of time is marked, and by what. */
export interface TimeMark {
  atMs: number;
  text: string;
}

/** Lines over time, from zero. */
export function linesChart(
  lines: readonly Line[],
  options: { label: string; unit: string; marks: (room: number) => readonly TimeMark[] },
): Chart {
  return { label: options.label, spec: (frame) => spec(lines, options, frame) };
}

function padding({ name }: Frame): Padding {
  return { left: name === "wide" ? 60 : 48, top: 40, right: 30, bottom: 34 };
}

function spec(
  lines: readonly Line[],
  { unit, marks }: { unit: string; marks: (room: number) => readonly TimeMark[] },
  frame: Frame,
): TopLevelSpec {
  const isWide = frame.name === "wide";
  const values = lines.flatMap((line, series) =>
    line.points.map((point) => ({ ...point, series, stroke: colour(line.colour) })),
  );
  const times = values.map(({ atMs }) => atMs);
  const isSparse = Math.max(...lines.map(({ points }) => points.length)) <= 62;
  const shown = marks(isWide ? 7 : 4);
  const names = Object.fromEntries(shown.map(({ atMs, text }) => [String(atMs), text]));
  return {
    ...plot(frame, isWide ? 260 : 200, padding(frame)),
    data: { values },
    mark: {
      type: "line",
      strokeWidth: 2,
      invalid: "break-paths-show-domains",
      ...(isSparse && { point: { size: 22, opacity: 1 } }),
    },
    encoding: {
      x: {
        field: "atMs",
        type: "quantitative",
        scale: {
          domain: [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))],
          nice: false,
          zero: false,
        },
        axis: {
          title: null,
          grid: false,
          values: shown.map(({ atMs }) => atMs),
          labelExpr: `${JSON.stringify(names)}[toString(datum.value)]`,
          labelFlush: false,
          labelPadding: 12,
        },
      },
      y: {
        field: "value",
        type: "quantitative",
        scale: { zero: true, nice: true },
        axis: amountAxis(unit, frame, { titleY: -22 }),
      },
      detail: { field: "series", type: "nominal" },
      color: { field: "stroke", type: "nominal", scale: null, legend: null },
    },
  };
}
