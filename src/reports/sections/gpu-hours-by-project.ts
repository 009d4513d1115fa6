import { type Bar, barsChart } from "../charts/bars.ts";
import { foldTail } from "../charts/fold.ts";
import { inSentence } from "../charts/label.ts";
import { compare, isZero, negate, subtract, sum } from "../decimal.ts";
import { changeMark, projectNames } from "../figures.ts";
import { formatCount, formatHours, formatShare, formatSigned } from "../format.ts";
import { html } from "../html.ts";
import { defineSection, hasPeriodBefore, type ReportFacts } from "../section.ts";
import { type Column, table } from "../table.ts";

interface ProjectRow {
  project_id: string;
  project_name: string;
  gpu_hours: string;
  reserved_gpu_hours: string;
  previous_gpu_hours: string;
  change_gpu_hours: string;
  active_days: string;
}

const maxBars = 12;

export const gpuHoursByProject = defineSection<ProjectRow>({
  id: "gpu-hours-by-project",
  title: "GPU-hours by project",
  short: "Projects",
  query: "gpu_hours_by_project",
  async view(rows, facts) {
    const { period } = facts;
    if (rows.length === 0)
      return { lead: `No project used a GPU in ${period.name} or ${period.previousName}.` };
    const hasBefore = hasPeriodBefore(facts);
    const lead = leadOf(rows, hasBefore, facts);
    return {
      lead,
      legend: hasBefore
        ? html`<ul class="legend" aria-hidden="true"><li><i class="key bar"></i>${period.name}</li><li><i class="key tick"></i>${period.previousName}</li></ul>`
        : html``,
      chart: barsChart(await barsOf(rows, hasBefore), {
        label: `Bars of GPU-hours by project in ${period.name}, each with a tick for ${period.previousName}. ${lead}`,
        unit: "GPU-hours",
      }),
      table: projectTable(rows, hasBefore, facts),
    };
  },
});

function leadOf(rows: readonly ProjectRow[], hasBefore: boolean, { period }: ReportFacts): string {
  const total = sum(rows.map((row) => row.gpu_hours)) ?? "0";
  const [first] = rows;
  const byChange = [...rows].sort((a, b) => compare(b.change_gpu_hours, a.change_gpu_hours));
  const [riser] = byChange;
  const faller = byChange.at(-1);
  const moves = [
    riser &&
      compare(riser.change_gpu_hours, "0") > 0 &&
      `${inSentence(riser.project_name)} rose most, by ${formatHours(riser.change_gpu_hours)}`,
    faller &&
      compare(faller.change_gpu_hours, "0") < 0 &&
      `${inSentence(faller.project_name)} fell most, by ${formatHours(negate(faller.change_gpu_hours))}`,
  ].filter((move) => typeof move === "string");
  const sentences = [
    first &&
      !isZero(total) &&
      `Most was used by ${inSentence(first.project_name)}: ${formatHours(first.gpu_hours)} GPU-hours, ${formatShare(first.gpu_hours, total)} of all.`,
    hasBefore && moves.length > 0 && `Compared with ${period.previousName}, ${moves.join(", and ")}.`,
  ].filter((sentence) => typeof sentence === "string");
  return sentences.join(" ");
}

async function barsOf(rows: readonly ProjectRow[], hasBefore: boolean): Promise<Bar[]> {
  const folded = await foldTail(
    rows.map((row) => ({
      key: row.project_id,
      value: Number(row.gpu_hours),
      previous: hasBefore ? Number(row.previous_gpu_hours) : null,
    })),
    maxBars,
    "",
  );
  return folded.map(({ value, previous, count }, i) => {
    const stoodFor = rows.slice(i, i + count);
    return {
      label: count === 1 ? (stoodFor[0]?.project_name ?? "") : `${count} other projects`,
      value,
      previous,
      text: formatHours(sum(stoodFor.map((row) => row.gpu_hours)) ?? "0"),
      colour: count === 1 ? "bar" : "strong",
    };
  });
}

function projectTable(rows: readonly ProjectRow[], hasBefore: boolean, { period }: ReportFacts) {
  const total = sum(rows.map((row) => row.gpu_hours)) ?? "0";
  const before = sum(rows.map((row) => row.previous_gpu_hours)) ?? "0";
  const unknown = html`<span class="none">n/a</span>`;
  const columns: Column<ProjectRow>[] = [
    { head: "Project", cell: projectNames(rows), total: "All projects" },
    {
      head: "GPU-hours",
      isNumber: true,
      cell: (row) => formatHours(row.gpu_hours),
      key: (row) => row.gpu_hours,
      total: formatHours(total),
    },
    {
      head: "Share",
      isNumber: true,
      cell: (row) => formatShare(row.gpu_hours, total),
      key: (row) => row.gpu_hours,
      total: formatShare(total, total),
    },
    {
      head: "On reservations",
      isNumber: true,
      cell: (row) => formatHours(row.reserved_gpu_hours),
      key: (row) => row.reserved_gpu_hours,
      total: formatHours(sum(rows.map((row) => row.reserved_gpu_hours)) ?? "0"),
    },
    {
      head: period.previousName,
      isNumber: true,
      cell: (row) => (hasBefore ? formatHours(row.previous_gpu_hours) : unknown),
      key: (row) => (hasBefore ? row.previous_gpu_hours : null),
      total: hasBefore ? formatHours(before) : unknown,
    },
    {
      head: "Change",
      isNumber: true,
      cell: (row) => (hasBefore ? formatSigned(row.change_gpu_hours, formatHours) : unknown),
      key: (row) => (hasBefore ? row.change_gpu_hours : null),
      total: hasBefore ? formatSigned(subtract(total, before), formatHours) : unknown,
    },
    {
      head: "Change in %",
      isNumber: true,
      cell: (row) => changeMark(row.gpu_hours, hasBefore ? row.previous_gpu_hours : null),
      total: changeMark(total, hasBefore ? before : null),
    },
    { head: "Days in use", isNumber: true, cell: (row) => formatCount(row.active_days) },
  ];
  return table(columns, rows, {
    id: "gpu-hours-by-project",
    caption: `GPU-hours by project, ${period.name}`,
  });
}
