import type { TopLevelSpec } from "vega-lite";
import { type Html, html, trusted } from "../html.ts";
import { chartConfig } from "../theme.ts";
import { type Spot, type Spots, spotAreas } from "./spots.ts";
import { svgOf } from "./views.ts";

/** A width that a chart is drawn at. Of wide and narrow the page shows the one that fits, so that text stays readable. */
export interface Frame {
  name: "wide" | "narrow" | "compact";
  width: number;
}

const frames: readonly Frame[] = [
  { name: "wide", width: 920 },
  { name: "narrow", width: 360 },
];

/** One width for every screen, where there are hundreds of pages to be drawn. */
const compact: readonly Frame[] = [{ name: "compact", width: 480 }];

export interface Padding {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** A chart: what it says in words, and its Vega-Lite specification for a width. */
export interface Chart {
  /** The accessible name: what the chart shows, and its main figures. */
  label: string;
  spec: (frame: Frame) => TopLevelSpec;
  /** What it says where the reader points. */
  spots?: Spots;
  /** Whether it is drawn at one width alone. */
  isCompact?: boolean;
}

/** What a plot has in common: an exact size, so that no text is measured and a chart is the same everywhere. */
export function plot(frame: Frame, plotHeight: number, padding: Padding) {
  return {
    width: frame.width - padding.left - padding.right,
    height: plotHeight,
    padding,
    autosize: { type: "none" },
    background: "transparent",
    config: chartConfig,
  } as const;
}

/** The chart as static SVG, for each width that it needs, under one accessible name. */
export async function drawChart(chart: Chart): Promise<Html> {
  const drawn = [];
  for (const frame of chart.isCompact ? compact : frames) {
    drawn.push(html`<div class="${frame.name}">${await drawFrame(chart, frame)}</div>`);
  }
  return html`<div class="chart" role="img" aria-label="${chart.label}">${drawn}</div>`;
}

async function drawFrame({ spec, spots }: Chart, frame: Frame): Promise<Html> {
  const svg = await drawSvg(spec(frame));
  if (!spots) return svg;
  const height = Number(/viewBox="0 0 [\d.]+ ([\d.]+)"/.exec(svg.markup)?.[1]);
  return over(svg, spotAreas({ ...spots, padding: spots.padding(frame) }, { width: frame.width, height }));
}

/** A small drawing of columns without axes, with what each of them says where the reader points. */
export function withSpots(svg: Html, spots: readonly Spot[], size: { width: number; height: number }): Html {
  const padding = { left: 0, top: 0, right: 0, bottom: 0 };
  return over(svg, spotAreas({ direction: "columns", spots, padding }, size));
}

function over(svg: Html, areas: Html): Html {
  return trusted(svg.markup.replace(/<\/svg>$/, () => `${areas.markup}</svg>`));
}

/** One drawing. */
export async function drawSvg(spec: TopLevelSpec): Promise<Html> {
  return trusted(plain(await svgOf(spec)));
}

// The page names the chart, so the drawing's own roles go, and with them what draws nothing and decimals that
// nobody sees. Text in the drawing is escaped, so that none of it can pass for a tag.
function plain(svg: string): string {
  return svg
    .replace(/ (?:role|aria-roledescription|aria-hidden|pointer-events|class)="[^"<>]*"/g, "")
    .replace(/<path d="(?:M0,0h[^"]*)?"(?: display="none")?\/>/g, "")
    .replace(/ xmlns:xlink="[^"]*" version="1.1"/, "")
    .replace(/<svg ([^>]*?)width="[\d.]+" height="[\d.]+"/, "<svg $1")
    .replace(/ opacity="1"/g, "")
    .replace(/ (?:d|transform|[xy]2)="[^"]*"/g, (geometry) => geometry.replace(/(\.\d\d)\d+/g, "$1"));
}
