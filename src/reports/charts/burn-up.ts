import type { TopLevelSpec } from "vega-lite";
import { colour } from "../theme.ts";
import { amountAxis, dayAxis, dayScale } from "./axes.ts";
import { type Chart, type Frame, type Padding, plot } from "./draw.ts";
import { type EdgeLabel, edgeLabels, edgeRoom } from "./edge-labels.ts";
import { axisEnd, fromZero } from "./scale.ts";
import type { Spot } from "./spots.ts";

export interface BurnUp {
  label: string;
  unit: string;
  prefix: string;
  /** Each day with what was spent up to and with it, as doubles for drawing only; null where that is not known. */
  points: readonly { day: string; toDate: number | null; isForecast: boolean }[];
  /** What may be spent in all, and its name at the edge. */
  limit: { value: number; text: string };
  /** What stands at the end of the line of what is spent, and of that of what is forecast. */
  spentText: string;
  spots: readonly Spot[];
}

/** What was spent by day beside what may be: a line that grows to its limit, dashed where it is forecast. */
export function burnUpChart(content: BurnUp): Chart {
  return {
    label: content.label,
    spec: (frame) => spec(content, frame),
    spots: { direction: "columns", spots: content.spots, padding },
  };
}

function padding({ name }: Frame): Padding {
  return name === "wide"
    ? { left: 52, top: 30, right: edgeRoom, bottom: 38 }
    : { left: 44, top: 30, right: 4, bottom: 38 };
}

function spec({ points, limit, unit, prefix, spentText }: BurnUp, frame: Frame): TopLevelSpec {
  const isWide = frame.name === "wide";
  const base = plot(frame, isWide ? 220 : 180, padding(frame));
  const days = points.map(({ day }) => day);
  const known = points.filter(({ toDate, isForecast }) => toDate !== null && !isForecast);
  const lastKnown = known.at(-1);
  // The dashes begin where the line ends.
  const expected = [
    ...(lastKnown ? [lastKnown] : []),
    ...points.filter(({ toDate, isForecast }) => toDate !== null && isForecast),
  ];
  const end = axisEnd([limit.value, ...points.map(({ toDate }) => toDate ?? 0)]);
  const x = dayScale(days);
  const y = { field: "toDate", type: "quantitative", scale: fromZero(end) } as const;
  const labels: EdgeLabel[] = [{ text: limit.text, value: limit.value, colour: "alert", key: "line" }];
  const isForecast = expected.length > 1;
  const last = isForecast ? expected.at(-1) : lastKnown;
  if (typeof last?.toDate === "number") {
    labels.push({
      text: isForecast ? "forecast" : spentText,
      value: last.toDate,
      colour: "accent",
      key: isForecast ? "dashes" : "line",
    });
  }
  return {
    ...base,
    layer: [
      {
        data: { values: known },
        mark: { type: "area", color: colour("accent"), opacity: 0.12 },
        encoding: {
          x: { ...x, axis: dayAxis(days, frame) },
          y: { ...y, axis: amountAxis(unit, frame, { prefix }) },
        },
      },
      {
        data: { values: known },
        mark: { type: "line", color: colour("accent"), strokeWidth: 2.25, strokeCap: "round" },
        encoding: { x, y },
      },
      {
        data: { values: isForecast ? expected : [] },
        mark: { type: "line", color: colour("accent"), strokeWidth: 2, strokeDash: [4, 3] },
        encoding: { x, y },
      },
      {
        data: { values: [{ toDate: limit.value }] },
        mark: { type: "rule", color: colour("alert"), strokeWidth: 2 },
        encoding: { x: { value: 0 }, x2: { value: base.width }, y },
      },
      ...(isWide ? edgeLabels(labels, end, base) : []),
    ],
  };
}
