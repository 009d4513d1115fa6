import { numberStyle } from "../locale.ts";
import { shortDate } from "../month.ts";
import type { Frame } from "./draw.ts";
import { chartLabel } from "./label.ts";

/** An expression for a short number on an axis: 500, 10k, 2.5M, and 0.5 rather than 500m; 2,5M where a comma stands. */
export function axisNumber(prefix = ""): string {
  const number =
    "abs(datum.value) < 1 ? format(datum.value, '~g') : replace(format(datum.value, '~s'), 'G', 'B')";
  return `${JSON.stringify(prefix)} + replace(${number}, '.', ${JSON.stringify(numberStyle().decimal)})`;
}

/** The axis of amounts, with its unit over it. */
export function amountAxis(unit: string, { name }: Frame, { prefix = "", titleY = -18 } = {}) {
  return {
    title: chartLabel(unit, 40),
    titleAngle: 0,
    titleAlign: "left",
    titleAnchor: "end",
    titleX: name === "wide" ? -48 : -40,
    titleY,
    tickCount: 4,
    labelExpr: axisNumber(prefix),
  } as const;
}

/** The axis of the days of a month or a week: the first with its month, the others by their number. */
export function dayAxis(days: readonly string[], { name }: Frame) {
  const first = days[0] ?? "";
  const every = name === "wide" ? 2 : 7;
  const labelled = days.filter((day) => {
    const number = Number(day.slice(8));
    return number === 1 || days.length <= 7 || (number % every === 1 && number < 31 - (every - 2));
  });
  return {
    title: null,
    values: labelled,
    labelAngle: 0,
    labelAlign: "center",
    labelPadding: 16,
    labelExpr: `datum.value === ${JSON.stringify(first)} ? ${JSON.stringify(shortDate(first))} : toString(toNumber(slice(datum.value, 8)))`,
  } as const;
}

/** The days on an axis of bars. */
export function dayScale(days: readonly string[]) {
  return {
    field: "day",
    type: "ordinal" as const,
    scale: { type: "band" as const, domain: [...days], paddingInner: 0.18, paddingOuter: 0.1 },
  };
}
