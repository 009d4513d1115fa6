import { type ColourName, colour } from "../theme.ts";
import { chartLabel } from "./label.ts";

/** A name at the right edge of a plot, beside what it names. */
export interface EdgeLabel {
  text: string;
  /** Where on the y axis what it names lies. */
  value: number;
  colour: ColourName;
  /** What stands before it: a square in the colour of an area, or a stroke like that of a line. */
  key: "square" | "line" | "dashes";
}

/** The space that labels need to the right of a plot. */
export const edgeRoom = 156;

const lineHeight = 17;

/**
 * The labels as layers of a chart whose y axis ends at `end`, each as near to its place as the others allow.
 *
 * @param plot the size of the plot
 */
export function edgeLabels(
  labels: readonly EdgeLabel[],
  end: number,
  plot: { width: number; height: number },
) {
  const placed = spread(
    labels.map(({ value }) => plot.height * (1 - value / end)),
    plot.height,
  );
  const values = labels.map(({ text, colour: name, key }, i) => ({
    text: chartLabel(text, 17),
    fill: colour(name),
    key,
    // In units of the axis, since all layers share it.
    at: end * (1 - (placed[i] ?? 0) / plot.height),
  }));
  const y = { field: "at", type: "quantitative" } as const;
  const fill = { field: "fill", type: "nominal", scale: null, legend: null } as const;
  const strokes = (key: EdgeLabel["key"], strokeDash: number[]) => ({
    data: { values: values.filter((label) => label.key === key) },
    mark: { type: "rule", strokeWidth: 2, strokeDash } as const,
    encoding: { x: { value: plot.width + 12 }, x2: { value: plot.width + 26 }, y, color: fill },
  });
  return [
    {
      data: { values: values.filter(({ key }) => key === "square") },
      mark: { type: "square", size: 100, opacity: 1 } as const,
      encoding: { x: { value: plot.width + 19 }, y, color: fill },
    },
    strokes("line", [1, 0]),
    strokes("dashes", [4, 3]),
    {
      data: { values },
      mark: { type: "text", align: "left", baseline: "middle" } as const,
      encoding: { x: { value: plot.width + 32 }, y, text: { field: "text" } } as const,
    },
  ];
}

/** Heights moved apart as little as it takes for a line of text each, within the plot. */
export function spread(wanted: readonly number[], height: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0) || a - b);
  const placed = [...wanted];
  let above = Number.NEGATIVE_INFINITY;
  for (const i of order) {
    above = Math.max(wanted[i] ?? 0, above + lineHeight);
    placed[i] = above;
  }
  let below = height + lineHeight;
  for (const i of order.toReversed()) {
    below = Math.min(placed[i] ?? 0, below - lineHeight);
    placed[i] = below;
  }
  return placed;
}
