import { type Html, html } from "../html.ts";
import type { Frame, Padding } from "./draw.ts";
import { chartLabel } from "./label.ts";

/** What a chart says of one place in it: a day, a month or a bar. Its first line names it. */
export interface Spot {
  name: string;
  /** A line each, such as `H100 80GB: 1,234.5`, in which a name is short and isolated. */
  lines: readonly string[];
}

/** Where the spots lie: side by side over the whole height, or under each other over the whole width. */
interface Placement {
  direction: "columns" | "rows";
  spots: readonly Spot[];
}

export interface Spots extends Placement {
  /** The space around the plot in which the spots lie. */
  padding: (frame: Frame) => Padding;
}

/**
 * Unseen areas over a drawing, each with its text as a title: a browser shows it where the reader points, also
 * without a script; client/charts.js shows it better.
 *
 * @param size that of the whole drawing
 */
export function spotAreas(
  { direction, spots, padding }: Placement & { padding: Padding },
  size: { width: number; height: number },
): Html {
  const { left, top, right, bottom } = padding;
  const { width: across, height } = size;
  const isRows = direction === "rows";
  const length = isRows ? height - top - bottom : across - left - right;
  const step = length / Math.max(1, spots.length);
  const areas = spots.map((spot, i) => {
    const text = [chartLabel(spot.name, 120), ...spot.lines].join("\n");
    const [x, y] = isRows ? [0, top + i * step] : [left + i * step, top];
    const [width, tall] = isRows ? [across, step] : [step, height - top - bottom];
    return html`<rect x="${rounded(x)}" y="${rounded(y)}" width="${rounded(width)}" height="${rounded(tall)}"><title>${text}</title></rect>`;
  });
  return html`<g class="spots">${areas}</g>`;
}

function rounded(length: number): number {
  return Math.round(length * 100) / 100;
}
