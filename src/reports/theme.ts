/** A colour on paper and light screens, and on dark ones. */
interface Tone {
  light: string;
  dark: string;
}

/** Every colour of a report. Each is a CSS variable, so that a chart is drawn once for light and dark. */
const tones = {
  page: { light: "#ffffff", dark: "#0e1014" },
  raised: { light: "#f7f8fa", dark: "#16191f" },
  ink: { light: "#14171f", dark: "#eef0f4" },
  muted: { light: "#586072", dark: "#a2aab8" },
  line: { light: "#e4e7ec", dark: "#282d36" },
  strong: { light: "#c3c9d3", dark: "#434a57" },
  wash: { light: "#f3f4f7", dark: "#171a20" },
  accent: { light: "#1d4fc4", dark: "#7ba6ff" },
  bar: { light: "#4a5a7d", dark: "#8497bf" },
  quiet: { light: "#c9d3ea", dark: "#34415f" },
  alert: { light: "#a8321a", dark: "#ff9d80" },
  alert_wash: { light: "#fdf1ed", dark: "#2b1914" },
  caution: { light: "#7a5600", dark: "#e9bd5b" },
  caution_wash: { light: "#fdf6e3", dark: "#272010" },
  gap: { light: "#f3d9d0", dark: "#54291d" },
  h100: { light: "#1d4fc4", dark: "#5b93ff" },
  h200: { light: "#5a94d8", dark: "#36c5ee" },
  b200: { light: "#0b8f78", dark: "#3ee6cf" },
  a100: { light: "#b88a0e", dark: "#dd9a1e" },
  l40s: { light: "#a8321a", dark: "#b4533a" },
  mi300x: { light: "#5e2163", dark: "#b57db3" },
  gb200: { light: "#56701a", dark: "#b3cc6a" },
  violet: { light: "#9679fb", dark: "#7a63d6" },
  rose: { light: "#c2477f", dark: "#f08cb8" },
  slate: { light: "#64707d", dark: "#9aa5b1" },
} as const satisfies Record<string, Tone>;

export type ColourName = keyof typeof tones;

/** A colour as an SVG or CSS value that follows the reader's theme. */
export function colour(name: ColourName): string {
  return `var(--${name.replace("_", "-")},${tones[name].light})`;
}

/** The declarations of all colours of one theme. */
export function colourVariables(theme: keyof Tone): string {
  return Object.entries(tones)
    .map(([name, tone]) => `--${name.replace("_", "-")}:${tone[theme]}`)
    .join(";");
}

/** All colours of one theme, by name: what the tests of contrast and of colour blindness read. */
export function palette(theme: keyof Tone): ReadonlyMap<ColourName, string> {
  return new Map(Object.entries(tones).map(([name, tone]) => [name as ColourName, tone[theme]]));
}

const families: readonly [RegExp, ColourName][] = [
  [/gb[23]00/, "gb200"],
  [/h100|gh200/, "h100"],
  [/h200/, "h200"],
  [/b[23]00/, "b200"],
  [/a100/, "a100"],
  [/l40/, "l40s"],
  [/mi3\d\d/, "mi300x"],
];

const spares: readonly ColourName[] = ["violet", "rose", "gb200", "slate", "mi300x", "l40s", "a100", "b200"];

/**
 * The colour of each GPU type. A known family has its own, in every chart and month; types of no known family,
 * or a second type of one, take the spare ones in turn.
 *
 * @param gpuTypes every type that was ever used, in the order of first use, so that a colour never moves
 */
export function gpuColours(gpuTypes: readonly string[]): ReadonlyMap<string, ColourName> {
  const colours = new Map<string, ColourName>();
  const rest: string[] = [];
  for (const type of gpuTypes) {
    const family = families.find(([pattern]) => pattern.test(type.toLowerCase()))?.[1];
    if (family && ![...colours.values()].includes(family)) colours.set(type, family);
    else rest.push(type);
  }
  for (const type of rest) {
    const taken = new Set(colours.values());
    colours.set(type, spares.find((name) => !taken.has(name)) ?? "slate");
  }
  return colours;
}

/** What every chart has in common: quiet grid lines, text in the page's own font. */
export const chartConfig = {
  aria: false,
  view: { stroke: null },
  axis: {
    labelFont: "inherit",
    titleFont: "inherit",
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: "normal",
    labelColor: colour("muted"),
    titleColor: colour("muted"),
    gridColor: colour("line"),
    domain: false,
    ticks: false,
    labelPadding: 8,
  },
  text: { font: "inherit", fontSize: 12, fill: colour("ink") },
} as const;
