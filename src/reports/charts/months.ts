import { monthName } from "../month.ts";
import { colour } from "../theme.ts";
import { axisNumber } from "./bars.ts";
import { type Chart, type Frame, plot } from "./draw.ts";
import { chartLabel } from "./label.ts";

/** A month's figure; a double for drawing only. */
export interface MonthBar {
  month: string;
  value: number;
  /** The figure as it is read. */
  text: string;
  isRunning: boolean;
}

/** Bars by month from zero; one that still runs is drawn lighter. */
export function monthsChart(bars: readonly MonthBar[], options: { label: string; unit: string }): Chart {
  const padding = ({ name }: Frame) => ({ left: name === "wide" ? 52 : 44, top: 30, right: 4, bottom: 38 });
  return {
    label: options.label,
    spots: {
      direction: "columns",
      spots: bars.map(({ month, text, isRunning }) => ({
        name: monthName(month),
        lines: [text, ...(isRunning ? ["still running"] : [])],
      })),
      padding,
    },
    spec(frame) {
      const isWide = frame.name === "wide";
      const every = Math.ceil(bars.length / (isWide ? 14 : 6));
      const names = Object.fromEntries(bars.map(({ month }) => [month, shortMonth(month)]));
      return {
        ...plot(frame, isWide ? 220 : 180, padding(frame)),
        data: {
          values: bars.map(({ month, value, isRunning }) => ({
            month,
            value,
            fill: colour(isRunning ? "quiet" : "bar"),
          })),
        },
        mark: { type: "bar", cornerRadiusEnd: 2 },
        encoding: {
          x: {
            field: "month",
            type: "ordinal",
            scale: { paddingInner: 0.35, paddingOuter: 0.2 },
            axis: {
              title: null,
              values: bars.filter((_, i) => (bars.length - 1 - i) % every === 0).map(({ month }) => month),
              labelAngle: 0,
              labelAlign: "center",
              labelPadding: 16,
              labelExpr: `${JSON.stringify(names)}[datum.value]`,
            },
          },
          y: {
            field: "value",
            type: "quantitative",
            stack: null,
            scale: { zero: true, nice: true },
            axis: {
              title: chartLabel(options.unit, 40),
              titleAngle: 0,
              titleAlign: "left",
              titleAnchor: "end",
              titleX: isWide ? -48 : -40,
              titleY: -18,
              tickCount: 4,
              labelExpr: axisNumber(),
            },
          },
          color: { field: "fill", type: "nominal", scale: null, legend: null },
        },
      };
    },
  };
}

/** `Oct`, and `Jan 26` where a year begins. */
function shortMonth(month: string): string {
  const short = monthName(month).slice(0, 3);
  return month.endsWith("-01") ? `${short} ${month.slice(2, 4)}` : short;
}
