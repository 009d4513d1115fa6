import { barsChart } from "../reports/charts/bars.ts";
import { type Chart, drawChart } from "../reports/charts/draw.ts";
import { chartLabel } from "../reports/charts/label.ts";
import { type Line, linesChart, type TimeMark } from "../reports/charts/lines.ts";
import { formatNumber } from "../reports/format.ts";
import { type Html, html, name } from "../reports/html.ts";
import type { ColourName } from "../reports/theme.ts";
import type { ResultColumn, ShownResult } from "./result.ts";

const mostBars = 20;
const colours: readonly ColourName[] = ["h100", "a100", "b200", "rose", "violet", "slate"];

/**
 * The chart that a result asks for: a line where its first date or time has a number beside it, of each text where there
 * is one, too; else a bar for each text. Null where nothing can be drawn, or a day has several rows of one text.
 */
export async function chartOfResult(result: ShownResult): Promise<Html | null> {
  const { columns, rows } = result;
  const number = columns.findIndex(({ isNumber }) => isNumber);
  const time = columns.findIndex(isTime);
  const text = columns.findIndex(({ type }) => type === "VARCHAR");
  if (number < 0 || rows.length < 2) return null;
  if (time >= 0) return timeChart(result, { time, text, number });
  return text >= 0 ? textChart(result, { text, number }) : null;
}

function isTime({ type }: ResultColumn): boolean {
  return /^(DATE|TIMESTAMP.*)$/.test(type);
}

async function timeChart(
  { columns, rows }: ShownResult,
  at: { time: number; text: number; number: number },
): Promise<Html | null> {
  const times = rows.map((row) => instantOf(row[at.time] ?? null));
  if (!times.every((time) => time !== null)) return null;
  const isSplit = new Set(times).size < times.length;
  if (isSplit && at.text < 0) return null;
  const distinct = [...new Set(times)].sort((a, b) => a - b);
  if (distinct.length < 2) return null;
  const series = new Map<string, Map<number, number | null>>();
  for (const [i, row] of rows.entries()) {
    const key = isSplit ? (row[at.text] ?? "null") : "";
    const values = series.get(key) ?? new Map<number, number | null>();
    const time = times[i] ?? 0;
    if (values.has(time)) return null;
    series.set(key, values.set(time, doubleOf(row[at.number] ?? null)));
  }
  const found = [...series].map(([title, values]) => ({
    title,
    // Where others have a row and this has none, its line is broken: nothing known is not zero, and no slope either.
    points: distinct.map((atMs) => ({ atMs, value: values.get(atMs) ?? null })),
    size: [...values.values()].reduce<number>((sum, value) => sum + Math.abs(value ?? 0), 0),
  }));
  const drawn = found.sort((a, b) => b.size - a.size).slice(0, colours.length);
  const lines: Line[] = drawn.map(({ points }, i) => ({ points, colour: colours[i] ?? "slate" }));
  const unit = columns[at.number]?.name ?? "";
  const by = columns[at.time]?.name ?? "";
  const label = `${chartLabel(unit, 60)} by ${chartLabel(by, 60)}, ${day(distinct[0])} to ${day(distinct.at(-1))}`;
  const left = found.length - drawn.length;
  return figure(
    linesChart(lines, { label, unit, marks: (room) => marksOf(distinct, room) }),
    html`${label}${left > 0 && html`; the ${drawn.length} largest, without ${left} more`}`,
    isSplit &&
      html`<ul class="legend">${drawn.map(({ title }, i) => html`<li><span class="key ${colours[i]}"></span>${name(chartLabel(title, 40))}</li>`)}</ul>`,
  );
}

async function textChart(
  { columns, rows }: ShownResult,
  at: { text: number; number: number },
): Promise<Html | null> {
  const bars = rows.flatMap((row) => {
    const value = doubleOf(row[at.number] ?? null);
    return value === null
      ? []
      : [{ label: row[at.text] ?? "null", value, text: numberText(row[at.number] ?? "") }];
  });
  if (bars.length < 2 || new Set(bars.map(({ label }) => label)).size < bars.length) return null;
  const unit = columns[at.number]?.name ?? "";
  const label = `${chartLabel(unit, 60)} by ${chartLabel(columns[at.text]?.name ?? "", 60)}`;
  const shown = bars.slice(0, mostBars);
  return figure(
    barsChart(shown, { label, unit }),
    html`${label}${bars.length > shown.length && html`; the first ${shown.length} rows`}`,
    null,
  );
}

async function figure(chart: Chart, caption: Html, legend: Html | false | null): Promise<Html> {
  return html`<figure><figcaption class="lead">${caption}</figcaption>${legend}${await drawChart(chart)}</figure>`;
}

/** Some of the times, spread evenly, each by its day, or by its hour where all are of few days. */
function marksOf(times: readonly number[], room: number): TimeMark[] {
  const first = times[0] ?? 0;
  const last = times.at(-1) ?? first;
  const isOfHours = last - first < 3 * 86_400_000 && times.some((time) => time % 86_400_000 !== 0);
  const every = Math.max(1, Math.ceil(times.length / room));
  return times
    .filter((_, i) => i % every === 0)
    .map((atMs) => ({
      atMs,
      text: isOfHours ? new Date(atMs).toISOString().slice(5, 16).replace("T", " ") : day(atMs),
    }));
}

function day(atMs: number | undefined): string {
  return new Date(atMs ?? 0).toISOString().slice(0, 10);
}

/** A date or a time as DuckDB writes it, which is of UTC; null where it is none that a browser's calendar has. */
function instantOf(text: string | null): number | null {
  const [, date, time] =
    /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d{1,3})?)\d*(?:\+00)?)?$/.exec(text ?? "") ?? [];
  const atMs = Date.parse(`${date}T${time ?? "00:00:00"}Z`);
  return Number.isNaN(atMs) ? null : atMs;
}

function doubleOf(text: string | null): number | null {
  const value = text === null ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

function numberText(text: string): string {
  const [, fraction = ""] = /^-?\d+(?:\.(\d+))?$/.exec(text) ?? [];
  return /^-?\d+(\.\d+)?$/.test(text) ? formatNumber(text, Math.min(2, fraction.length)) : text;
}
