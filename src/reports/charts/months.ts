import { monthName } from "../month.ts";
import { colour } from "../theme.ts";
import { amountAxis } from "./axes.ts";
import { type Chart, type Frame, plot } from "./draw.ts";

/** A month's figure; a double for drawing only. */
export interface MonthBar {
  month: string;
  value: number;
  /** The figure as it is read. */
  text: string;
  isRunning: boolean;
  /** What it may come to, such as a budget, drawn as a stroke over it; with how that is read. */
  limit?: { value: number; text: string } | null;
}

/** Bars by month from zero; one that still runs is drawn lighter. */
export function monthsChart(bars: readonly MonthBar[], options: { label: string; unit: string }): Chart {
  const padding = ({ name }: Frame) => ({ left: name === "wide" ? 52 : 44, top: 30, right: 4, bottom: 38 });
  return {
    label: options.label,
    spots: {
      direction: "columns",
      spots: bars.map(({ month, text, isRunning, limit }) => ({
        name: monthName(month),
        lines: [text, ...(limit ? [limit.text] : []), ...(isRunning ? ["still running"] : [])],
      })),
      padding,
    },
    spec(frame) {
      const isWide = frame.name === "wide";
      const every = Math.ceil(bars.length / (isWide ? 14 : 6));
      const names = Object.fromEntries(bars.map(({ month }) => [month, shortMonth(month)]));
      const base = plot(frame, isWide ? 220 : 180, padding(frame));
      const x = {
        field: "month",
        type: "ordinal",
        scale: { paddingInner: 0.35, paddingOuter: 0.2 },
      } as const;
      const y = {
        field: "value",
        type: "quantitative",
        stack: null,
        scale: { zero: true, nice: true },
      } as const;
      const limits = bars.flatMap(({ month, limit }) => (limit ? [{ month, value: limit.value }] : []));
      return {
        ...base,
        layer: [
          {
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
                ...x,
                axis: {
                  title: null,
                  values: bars
                    .filter((_, i) => (bars.length - 1 - i) % every === 0)
                    .map(({ month }) => month),
                  labelAngle: 0,
                  labelAlign: "center",
                  labelPadding: 16,
                  labelExpr: `${JSON.stringify(names)}[datum.value]`,
                },
              },
              y: { ...y, axis: amountAxis(options.unit, frame) },
              color: { field: "fill", type: "nominal", scale: null, legend: null },
            },
          },
          {
            data: { values: limits },
            mark: {
              type: "tick",
              orient: "horizontal",
              thickness: 2.5,
              opacity: 1,
              size: (base.width / bars.length) * 0.9,
              color: colour("alert"),
            },
            encoding: { x, y },
          },
        ],
      };
    },
  };
}

/** `Oct`, and `Jan 26` where a year begins. */
function shortMonth(month: string): string {
  const short = monthName(month).slice(0, 3);
  return month.endsWith("-01") ? `${short} ${month.slice(2, 4)}` : short;
}
