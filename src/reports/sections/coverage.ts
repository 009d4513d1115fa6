import type { TopLevelSpec } from "vega-lite";
import { type Frame, plot } from "../charts/draw.ts";
import { chartLabel } from "../charts/label.ts";
import { day, named } from "../figures.ts";
import { counted, formatCount } from "../format.ts";
import { html } from "../html.ts";
import { addDays, daysBetween, instantName, type Period, shortDate } from "../month.ts";
import { defineSection, type ReportFacts } from "../section.ts";
import { table } from "../table.ts";
import { colour } from "../theme.ts";

interface Stretch {
  stream: string;
  organization_id: string | null;
  organization_name: string | null;
  project_id: string | null;
  project_name: string | null;
  status: string;
  first_date: string;
  last_date: string;
  day_count: string;
  last_read_at: string | null;
  message: string | null;
}

const streams: Readonly<Record<string, string>> = {
  usage: "Usage by project",
  resource_usage: "Usage by resource",
};

const results: Readonly<Record<string, string>> = {
  complete: "read",
  partial: "read in part",
  failed: "failed",
  not_offered: "not offered by the server",
  not_yet: "not read yet",
};

const maxProjects = 14;

export const coverage = defineSection<Stretch>({
  id: "coverage",
  title: "Data coverage",
  short: "Coverage",
  query: "coverage",
  view(rows, facts) {
    const gaps = rows.filter(({ status }) => status !== "complete");
    const lead = leadOf(rows, gaps, facts);
    if (gaps.length === 0) return { lead };
    const drawn = gapRows(rows);
    return {
      lead,
      ...(drawn.length > 0 && {
        legend: html`<ul class="legend" aria-hidden="true"><li><i class="key quiet"></i>read</li><li><i class="key alert"></i>missing</li></ul>`,
        chart: {
          label: `A strip for each project with a gap: which days of ${facts.period.name} were read. ${lead}`,
          spec: (frame: Frame) => coverageSpec(drawn, facts.period, frame),
        },
      }),
      table: table(
        [
          ...(hasSeveral(rows)
            ? [
                {
                  head: "Organisation",
                  cell: (row: Stretch) =>
                    row.organization_id === null
                      ? "All"
                      : named(row.organization_name ?? row.organization_id, row.organization_id),
                },
              ]
            : []),
          {
            head: "Project",
            cell: (row) =>
              row.project_id === null
                ? "All projects"
                : named(row.project_name ?? row.project_id, row.project_id),
          },
          { head: "What", cell: (row) => streams[row.stream] ?? row.stream },
          { head: "Result", cell: (row) => results[row.status] ?? row.status },
          { head: "From", cell: (row) => day(row.first_date) },
          { head: "To", cell: (row) => day(row.last_date) },
          { head: "Days", isNumber: true, cell: (row) => formatCount(row.day_count) },
          { head: "Why", isText: true, cell: (row) => row.message },
        ],
        gaps,
        { id: "coverage", caption: `Days that were not read, ${facts.period.name}`, shown: 12 },
      ),
    };
  },
});

function leadOf(rows: readonly Stretch[], gaps: readonly Stretch[], { period }: ReportFacts): string {
  const daysOf = (stretches: readonly Stretch[]) =>
    stretches.reduce((days, { day_count }) => days + Number(day_count), 0);
  const usage = rows.filter(({ stream }) => stream === "usage");
  const usageGaps = gaps.filter(({ stream }) => stream === "usage");
  const lastRead = usage
    .map(({ last_read_at }) => last_read_at ?? "")
    .sort()
    .at(-1);
  const when = lastRead ? `, last at ${instantName(lastRead)}` : "";
  if (usage.length === 0) return `Nothing is known of what was read for ${period.name}.`;
  const read = daysOf(usage) - daysOf(usageGaps);
  const whole =
    usageGaps.length === 0
      ? `All ${counted(read, "project-day")} in ${period.name} were read${when}.`
      : `${formatCount(read)} of ${counted(daysOf(usage), "project-day")} in ${period.name} were read${when}; the figures leave the others out.`;
  const byResource = gaps.some(({ stream }) => stream !== "usage")
    ? gaps.some(({ stream, status }) => stream !== "usage" && status !== "not_offered")
      ? " Usage by resource has gaps as well."
      : " The server does not offer usage by resource for all of it."
    : "";
  return whole + byResource + unreadOrganizations(rows);
}

const hasSeveral = (rows: readonly Stretch[]): boolean =>
  new Set(rows.flatMap(({ organization_id }) => organization_id ?? [])).size > 1;

/** Says which organisations have no day that was read, where there are others. */
function unreadOrganizations(rows: readonly Stretch[]): string {
  if (!hasSeveral(rows)) return "";
  const usage = rows.filter(({ stream }) => stream === "usage");
  const read = new Set(usage.flatMap((row) => (row.last_read_at === null ? [] : row.organization_id)));
  const unread = new Map(
    usage
      .filter((row) => row.organization_id !== null && !read.has(row.organization_id))
      .map((row) => [row.organization_id, row.organization_name ?? row.organization_id]),
  );
  return unread.size === 0 ? "" : ` Nothing was read of ${[...unread.values()].join(", ")}.`;
}

interface StripRow {
  label: string;
  cells: readonly { day: string; isRead: boolean }[];
}

/** The projects that have a gap in their usage, with every day's result. */
function gapRows(rows: readonly Stretch[]): StripRow[] {
  const usage = rows.filter(({ stream }) => stream === "usage");
  const keyOf = ({ organization_id, project_id }: Stretch) => JSON.stringify([organization_id, project_id]);
  const keys = [...new Set(usage.filter(({ status }) => status !== "complete").map(keyOf))];
  return keys.slice(0, maxProjects).map((key) => {
    const stretches = usage.filter((row) => keyOf(row) === key);
    const { project_id: id = null, project_name, organization_name } = stretches[0] ?? {};
    return {
      label:
        id === null
          ? `All projects${organization_name ? ` of ${organization_name}` : ""}`
          : (project_name ?? id),
      cells: stretches.flatMap(({ first_date, status, day_count }) =>
        Array.from({ length: Number(day_count) }, (_, i) => ({
          day: addDays(first_date, i),
          isRead: status === "complete",
        })),
      ),
    };
  });
}

function coverageSpec(strips: readonly StripRow[], period: Period, frame: Frame): TopLevelSpec {
  const isWide = frame.name === "wide";
  const days = Array.from({ length: daysBetween(period.start, period.end) }, (_, i) =>
    addDays(period.start, i),
  );
  const values = strips.flatMap(({ cells }, key) =>
    cells.map(({ day, isRead }) => ({ key, day, fill: colour(isRead ? "quiet" : "alert") })),
  );
  const names = strips.map(({ label }, key) => ({ key, name: chartLabel(label, isWide ? 33 : 40) }));
  const step = isWide ? 26 : 40;
  const labelled = days.filter(
    (day) => Number(day.slice(8)) % (isWide ? 2 : 7) === 1 && (isWide || Number(day.slice(8)) < 29),
  );
  const y = {
    field: "key",
    type: "ordinal",
    axis: null,
    sort: null,
    scale: { domain: strips.map((_, i) => i), padding: 0 },
  } as const;
  return {
    ...plot(
      frame,
      strips.length * step,
      isWide ? { left: 252, top: 4, right: 4, bottom: 28 } : { left: 4, top: 0, right: 4, bottom: 28 },
    ),
    layer: [
      {
        data: { values },
        mark: { type: "rect", height: 14, yOffset: isWide ? 0 : 8 },
        encoding: {
          y,
          x: {
            field: "day",
            type: "ordinal",
            scale: { domain: days, paddingInner: 0.16 },
            axis: {
              title: null,
              values: labelled,
              labelAngle: 0,
              labelAlign: "center",
              labelExpr: `datum.value === ${JSON.stringify(days[0] ?? "")} ? ${JSON.stringify(shortDate(period.start))} : toString(toNumber(slice(datum.value, 8)))`,
            },
          },
          color: { field: "fill", type: "nominal", scale: null, legend: null },
        },
      },
      {
        data: { values: names },
        mark: { type: "text", align: isWide ? "right" : "left", baseline: "middle", dy: isWide ? 0 : -10 },
        encoding: { y, x: { value: isWide ? -12 : 0 }, text: { field: "name" } },
      },
    ],
  };
}
