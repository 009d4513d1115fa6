import { loadArquero } from "../charts/arquero.ts";
import { foldTail } from "../charts/fold.ts";
import { inSentence } from "../charts/label.ts";
import type { Spot } from "../charts/spots.ts";
import { type Stack, stackedDaysChart } from "../charts/stacked-days.ts";
import { add, compare, isZero, sum } from "../decimal.ts";
import { counted, formatHours, formatShare } from "../format.ts";
import { type Html, html, name } from "../html.ts";
import { daysBetween, daysOf, type Period, shortDate } from "../month.ts";
import { defineSection, type ReportFacts, type SectionContent } from "../section.ts";
import { type Column, table } from "../table.ts";
import type { ColourName } from "../theme.ts";
import { type Annotations, annotationsOf } from "./day-annotations.ts";

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
  view: (rows, facts, others) => daysView(rows, facts, annotationsOf(others, facts)),
});

/** Bars of each day's GPU-hours by type, with their table. */
export async function daysView(
  rows: readonly DayRow[],
  facts: ReportFacts,
  annotations: Annotations,
  { isCompact = false } = {},
): Promise<SectionContent> {
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
  const all = sum(totals.map(({ hours }) => hours)) ?? "0";
  const stacks = shown.map(({ key, count }, i): Stack => {
    const hours = count > 1 ? sum(totals.slice(i).map((total) => total.hours)) : (totals[i]?.hours ?? null);
    return {
      name: key,
      note: formatShare(hours ?? "0", all) ?? "",
      colour: count > 1 ? "slate" : (totals[i]?.colour ?? "slate"),
    };
  });
  const cells = await stackedCells(rows, new Set(stacks.map((stack) => stack.name)));
  const lead = leadOf(rows, totals, unread, facts);
  const { reserved, forecast } = annotations;
  return {
    lead,
    legend: legendOf(stacks, annotations, isCompact),
    chart: stackedDaysChart({
      label: `Bars of GPU-hours for each day of ${facts.period.name}, stacked by GPU type. ${lead}`,
      unit: "GPU-hours a day",
      days: daysOf(facts.period),
      stacks,
      cells,
      labelledDay: dayTotals(rows)
        .filter(({ day, hours }) => day < facts.period.today && !isZero(hours))
        .map(({ day }) => day)
        .sort()
        .at(-1),
      unread,
      limit: {
        name: "reserved",
        values: reserved.map((row) => ({ day: row.usage_date, value: Number(row.reserved_gpu_hours) })),
      },
      forecast,
      isCompact,
      spots: daySpots(rows, totals, facts.period, annotations),
    }),
    table: dayTable(rows, days, totals, facts),
    isTableFolded: true,
  };
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
  // A day that still runs is no quiet one.
  const low = byDay.findLast(({ day }) => day < period.today);
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

/** One cell for each day and drawn type, types beyond the palette as one. */
async function stackedCells(rows: readonly DayRow[], kept: ReadonlySet<string>) {
  const used = rows.filter(({ gpu_type, gpu_hours }) => gpu_type !== null && gpu_hours !== null);
  if (used.every(({ gpu_type }) => kept.has(gpu_type ?? ""))) {
    return used.map((row) => ({
      day: row.usage_date,
      type: row.gpu_type ?? "",
      hours: Number(row.gpu_hours),
    }));
  }
  const { table: arquero, op, escape: plainly } = await loadArquero();
  return arquero({
    day: used.map(({ usage_date }) => usage_date),
    type: used.map(({ gpu_type }) => gpu_type),
    hours: used.map(({ gpu_hours }) => Number(gpu_hours)),
  })
    .derive({ type: plainly(({ type }: { type: string }) => (kept.has(type) ? type : otherTypes)) })
    .groupby("day", "type")
    .rollup({ hours: op.sum("hours") })
    .objects()
    .map((cell) => cell as { day: string; type: string; hours: number });
}

/** For where the names find no room beside the bars. */
function legendOf(stacks: readonly Stack[], { reserved, forecast }: Annotations, isCompact: boolean): Html {
  return html`<ul class="${isCompact ? "legend" : "legend at-edge"}" aria-hidden="true">${stacks.map(
    (type) => html`<li><i class="key ${type.colour}"></i>${name(type.name)} <b>${type.note}</b></li>`,
  )}${reserved.length > 0 && html`<li><i class="key ink stroke"></i>reserved</li>`}${
    forecast.length > 0 && html`<li><i class="key accent dashes"></i>forecast</li>`
  }</ul>`;
}

/** Each day with the hours of its types, the largest of the month first. */
function daySpots(
  rows: readonly DayRow[],
  totals: readonly TypeTotal[],
  period: Period,
  { reserved, forecast }: Annotations,
): Spot[] {
  const cells = new Map(rows.map((row) => [JSON.stringify([row.usage_date, row.gpu_type]), row.gpu_hours]));
  const byDay = new Map(dayTotals(rows).map(({ day, hours }) => [day, hours]));
  const known = new Set(rows.map((row) => row.usage_date));
  const reservedOn = new Map(reserved.map((row) => [row.usage_date, row.reserved_gpu_hours]));
  const forecastOn = new Map(forecast.map(({ day, text }) => [day, text]));
  return daysOf(period).map((day) => {
    const all = byDay.get(day);
    const limit = reservedOn.get(day);
    const types = totals.flatMap(({ gpuType }) => {
      const hours = cells.get(JSON.stringify([day, gpuType]));
      return hours && !isZero(hours) ? [`${inSentence(gpuType)}: ${formatHours(hours)}`] : [];
    });
    return {
      name: shortDate(day),
      lines: [
        ...(all === undefined
          ? [forecastOn.get(day) ?? (known.has(day) ? "not read" : "no data")]
          : [`${formatHours(all)} GPU-hours`, ...types]),
        ...(limit === undefined ? [] : [`reserved: ${formatHours(limit)}`]),
      ],
    };
  });
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
