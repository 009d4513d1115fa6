import type { TopLevelSpec } from "vega-lite";
import { loadArquero } from "../charts/arquero.ts";
import { axisNumber } from "../charts/bars.ts";
import { type Frame, type Padding, plot } from "../charts/draw.ts";
import { foldTail } from "../charts/fold.ts";
import { inSentence } from "../charts/label.ts";
import type { Spot } from "../charts/spots.ts";
import { add, compare, isZero, sum } from "../decimal.ts";
import { counted, formatHours, formatShare } from "../format.ts";
import { type Html, html, name } from "../html.ts";
import { addDays, daysBetween, type Period, shortDate } from "../month.ts";
import { defineSection, type ReportFacts, type SectionContent } from "../section.ts";
import { type Column, table } from "../table.ts";
import { type ColourName, colour } from "../theme.ts";

interface DayRow {
  usage_date: string;
  gpu_type: string | null;
  gpu_hours: string | null;
}

interface TypeTotal {
  gpuType: string;
  hours: string;
  colour: ColourName;
}

const maxTypes = 7;
const otherTypes = "Other types";

export const gpuHoursByDay = defineSection<DayRow>({
  id: "gpu-hours-by-day",
  title: "GPU-hours by day",
  short: "By day",
  query: "gpu_hours_by_day",
  view: daysView,
});

/** Bars of each day's GPU-hours by type, with their table. */
export async function daysView(rows: readonly DayRow[], facts: ReportFacts): Promise<SectionContent> {
  const totals = typeTotals(rows, facts);
  const days = [...new Set(rows.map((row) => row.usage_date))];
  const unread = days.filter((day) => rows.every((row) => row.usage_date !== day || row.gpu_hours === null));
  if (totals.length === 0) {
    return { lead: [`No GPU was used in ${facts.period.name}.`, unreadSentence(unread)].join(" ").trim() };
  }
  const shown = await foldTail(
    totals.map(({ gpuType, hours }) => ({ key: gpuType, value: Number(hours), previous: null })),
    maxTypes,
    otherTypes,
  );
  const drawn = shown.map(({ key, count }, i) => ({
    gpuType: key,
    colour: count > 1 ? ("slate" as const) : (totals[i]?.colour ?? "slate"),
  }));
  const cells = await stackedCells(rows, days, new Set(drawn.map(({ gpuType }) => gpuType)));
  const lead = leadOf(rows, totals, unread, facts);
  return {
    lead,
    legend: legendOf(drawn, totals),
    chart: {
      label: `Bars of GPU-hours for each day of ${facts.period.name}, stacked by GPU type. ${lead}`,
      spec: (frame) => daysSpec(cells, drawn, daysOf(facts.period), unread, frame),
      spots: { direction: "columns", spots: daySpots(rows, totals, facts.period), padding: daysPadding },
    },
    table: dayTable(rows, days, totals, facts),
    isTableFolded: true,
  };
}

/** Every day of the month, also those to come: a bar is as wide in a period that still runs. */
function daysOf({ start, end }: Period): string[] {
  return Array.from({ length: daysBetween(start, end) }, (_, i) => addDays(start, i));
}

function typeTotals(rows: readonly DayRow[], { colours }: ReportFacts): TypeTotal[] {
  const types = [...new Set(rows.flatMap(({ gpu_type }) => (gpu_type === null ? [] : [gpu_type])))];
  return types
    .map((gpuType) => ({
      gpuType,
      hours: sum(rows.filter(({ gpu_type }) => gpu_type === gpuType).map((row) => row.gpu_hours)) ?? "0",
      colour: colours.get(gpuType) ?? "slate",
    }))
    .filter(({ hours }) => !isZero(hours))
    .sort((a, b) => compare(b.hours, a.hours) || (a.gpuType < b.gpuType ? -1 : 1));
}

function leadOf(
  rows: readonly DayRow[],
  totals: readonly TypeTotal[],
  unread: readonly string[],
  { period }: ReportFacts,
): string {
  const all = sum(totals.map(({ hours }) => hours)) ?? "0";
  const [first] = totals;
  const byDay = dayTotals(rows).sort((a, b) => compare(b.hours, a.hours) || (a.day < b.day ? -1 : 1));
  const [top] = byDay;
  const low = byDay.at(-1);
  const parts = [
    first &&
      `${inSentence(first.gpuType)} made up ${formatShare(first.hours, all)} of ${formatHours(all)} GPU-hours in ${period.name}.`,
    top &&
      low &&
      top.day !== low.day &&
      `The busiest day was ${shortDate(top.day)} with ${formatHours(top.hours)}, the quietest ${shortDate(low.day)} with ${formatHours(low.hours)}.`,
    unreadSentence(unread),
  ];
  return parts.filter((part) => part).join(" ");
}

function unreadSentence({ length }: readonly string[]): string {
  return length === 0 ? "" : `${counted(length, "day was", "days were")} not read, and no bar stands there.`;
}

function dayTotals(rows: readonly DayRow[]): { day: string; hours: string }[] {
  const hoursOf = new Map<string, string>();
  for (const { usage_date, gpu_hours } of rows) {
    if (gpu_hours !== null) hoursOf.set(usage_date, add(hoursOf.get(usage_date) ?? "0", gpu_hours));
  }
  return Array.from(hoursOf, ([day, hours]) => ({ day, hours }));
}

/** One cell for each day and drawn type: types beyond the palette as one, days without a type as zero. */
async function stackedCells(rows: readonly DayRow[], days: readonly string[], kept: ReadonlySet<string>) {
  const { table: arquero, op, escape: plainly } = await loadArquero();
  const used = rows.filter(({ gpu_type, gpu_hours }) => gpu_type !== null && gpu_hours !== null);
  return arquero({
    day: used.map(({ usage_date }) => usage_date),
    type: used.map(({ gpu_type }) => gpu_type),
    hours: used.map(({ gpu_hours }) => Number(gpu_hours)),
  })
    .derive({ type: plainly(({ type }: { type: string }) => (kept.has(type) ? type : otherTypes)) })
    .groupby("day", "type")
    .rollup({ hours: op.sum("hours") })
    .ungroup()
    .impute({ hours: () => 0 }, { expand: ["day", "type"] })
    .objects()
    .map((cell) => cell as { day: string; type: string; hours: number })
    .filter(({ day }) => days.includes(day));
}

function legendOf(
  drawn: readonly { gpuType: string; colour: ColourName }[],
  totals: readonly TypeTotal[],
): Html {
  const hoursOf = (gpuType: string) => totals.find((total) => total.gpuType === gpuType)?.hours;
  const rest = sum(
    totals.filter(({ gpuType }) => drawn.every((d) => d.gpuType !== gpuType)).map(({ hours }) => hours),
  );
  return html`<ul class="legend" aria-hidden="true">${drawn.map(
    (type) =>
      html`<li><i class="key ${type.colour}"></i>${name(type.gpuType)} <b>${formatHours(hoursOf(type.gpuType) ?? rest ?? "0")}</b></li>`,
  )}</ul>`;
}

function daysPadding({ name }: Frame): Padding {
  return { left: name === "wide" ? 52 : 44, top: 30, right: 4, bottom: 38 };
}

/** Each day with the hours of its types, the largest of the month first. */
function daySpots(rows: readonly DayRow[], totals: readonly TypeTotal[], period: Period): Spot[] {
  const cells = new Map(rows.map((row) => [JSON.stringify([row.usage_date, row.gpu_type]), row.gpu_hours]));
  const byDay = new Map(dayTotals(rows).map(({ day, hours }) => [day, hours]));
  const known = new Set(rows.map((row) => row.usage_date));
  return daysOf(period).map((day) => {
    const all = byDay.get(day);
    const types = totals.flatMap(({ gpuType }) => {
      const hours = cells.get(JSON.stringify([day, gpuType]));
      return hours && !isZero(hours) ? [`${inSentence(gpuType)}: ${formatHours(hours)}`] : [];
    });
    return {
      name: shortDate(day),
      lines:
        all === undefined
          ? [known.has(day) ? "not read" : "no data"]
          : [`${formatHours(all)} GPU-hours`, ...types],
    };
  });
}

function daysSpec(
  cells: readonly { day: string; type: string; hours: number }[],
  drawn: readonly { gpuType: string; colour: ColourName }[],
  days: readonly string[],
  unread: readonly string[],
  frame: Frame,
): TopLevelSpec {
  const isWide = frame.name === "wide";
  const first = days[0] ?? "";
  const labelled = days.filter((day) => {
    const number = Number(day.slice(8));
    return number === 1 || (isWide ? number % 2 === 1 && number < 31 : number % 7 === 1 && number < 29);
  });
  const ranks = new Map(drawn.map(({ gpuType }, i) => [gpuType, i]));
  const weekends = days.filter((day) => [0, 6].includes(new Date(day).getUTCDay()) && !unread.includes(day));
  const x = {
    field: "day",
    type: "ordinal" as const,
    scale: { domain: [...days], paddingInner: 0.18, paddingOuter: 0.1 },
  };
  return {
    ...plot(frame, isWide ? 280 : 210, daysPadding(frame)),
    layer: [
      {
        data: {
          values: [
            ...weekends.map((day) => ({ day, fill: colour("wash") })),
            ...unread.map((day) => ({ day, fill: colour("gap") })),
          ],
        },
        mark: { type: "rect" },
        encoding: { x, color: { field: "fill", type: "nominal", scale: null, legend: null } },
      },
      {
        data: { values: cells.map((cell) => ({ ...cell, rank: ranks.get(cell.type) ?? maxTypes })) },
        mark: { type: "bar", stroke: colour("page"), strokeWidth: 0.75 },
        encoding: {
          x: {
            ...x,
            axis: {
              title: null,
              values: labelled,
              labelAngle: 0,
              labelAlign: "center",
              labelPadding: 16,
              labelExpr: `datum.value === ${JSON.stringify(first)} ? ${JSON.stringify(shortDate(first))} : toString(toNumber(slice(datum.value, 8)))`,
            },
          },
          y: {
            field: "hours",
            type: "quantitative",
            scale: { zero: true, nice: true },
            axis: {
              title: "GPU-hours a day",
              titleAngle: 0,
              titleAlign: "left",
              titleAnchor: "end",
              titleX: isWide ? -48 : -40,
              titleY: -18,
              tickCount: 4,
              labelExpr: axisNumber(),
            },
          },
          color: {
            field: "type",
            type: "nominal",
            legend: null,
            scale: {
              domain: drawn.map(({ gpuType }) => gpuType),
              range: drawn.map((type) => colour(type.colour)),
            },
          },
          order: { field: "rank", type: "quantitative" },
        },
      },
    ],
  };
}

function dayTable(
  rows: readonly DayRow[],
  days: readonly string[],
  totals: readonly TypeTotal[],
  { period }: ReportFacts,
): Html {
  const cells = new Map(rows.map((row) => [JSON.stringify([row.usage_date, row.gpu_type]), row.gpu_hours]));
  const byDay = new Map(dayTotals(rows).map(({ day, hours }) => [day, hours]));
  const hours = (value: string | null | undefined) =>
    value === undefined || value === null ? html`<span class="none">not read</span>` : formatHours(value);
  const columns: Column<string>[] = [
    { head: "Day", cell: (day) => day, total: "Total" },
    ...totals.map(({ gpuType, hours: total }) => ({
      head: gpuType,
      isNumber: true,
      cell: (day: string) =>
        byDay.has(day) ? formatHours(cells.get(JSON.stringify([day, gpuType])) ?? "0") : hours(null),
      total: formatHours(total),
    })),
    {
      head: "All types",
      isNumber: true,
      cell: (day) => hours(byDay.get(day)),
      total: formatHours(sum(totals.map((total) => total.hours)) ?? "0"),
    },
  ];
  return table(columns, days, {
    id: "gpu-hours-by-day",
    caption: `GPU-hours by day and GPU type, ${period.name}`,
    shown: daysBetween(period.start, period.end),
    isWide: true,
  });
}
