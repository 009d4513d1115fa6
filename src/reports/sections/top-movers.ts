import { inSentence } from "../charts/label.ts";
import { compare, negate } from "../decimal.ts";
import { changeMark, money } from "../figures.ts";
import { formatHours, formatMoney, formatSigned } from "../format.ts";
import { html } from "../html.ts";
import { dateName } from "../month.ts";
import { projectLink } from "../project-link.ts";
import { defineSection, hasPeriodBefore, priceMark, type ReportFacts } from "../section.ts";
import { table } from "../table.ts";

export interface MoverRow {
  kind: string;
  value: string | null;
  name: string | null;
  gpu_hours: string;
  previous_gpu_hours: string;
  change_gpu_hours: string;
  cost: string | null;
  previous_cost: string | null;
  change_cost: string | null;
  since: string | null;
  status: string | null;
}

const kinds: Readonly<Record<string, string>> = {
  project: "project",
  gpu_type: "GPU type",
  region: "region",
};

/** What a mover is called, in a sentence. */
export function moverName({ kind, name, value }: Pick<MoverRow, "kind" | "name" | "value">): string {
  const text = name ?? value;
  return text === null ? `usage without a ${kinds[kind] ?? kind}` : inSentence(text);
}

/** The projects that rose and fell most, as a sentence; null where none did. */
export function moversLead(rows: readonly MoverRow[]): string | null {
  const projects = rows.filter(({ kind }) => kind === "project");
  const up = projects.find((row) => compare(row.change_gpu_hours, "0") > 0);
  const down = projects.find((row) => compare(row.change_gpu_hours, "0") < 0);
  const parts = [
    up && `${moverName(up)} rose most, by ${formatHours(up.change_gpu_hours)} GPU-hours`,
    down &&
      `${moverName(down)} fell most, by ${formatHours(negate(down.change_gpu_hours))}${up ? "" : " GPU-hours"}`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? null : `Of the projects, ${parts.join(", and ")}.`;
}

export const topMovers = defineSection<MoverRow>({
  id: "top-movers",
  title: "Top movers",
  short: "Movers",
  query: "top_movers",
  view(rows, facts) {
    if (!hasPeriodBefore(facts) || rows.length === 0) return null;
    const { build, period } = facts;
    const sorted = [...rows].sort((a, b) => compare(size(b), size(a)));
    const none = html`<span class="none">n/a</span>`;
    return {
      lead: moversLead(rows) ?? `What changed most on ${period.previousName}.`,
      table: table(
        [
          { head: "What", cell: (row) => moverCell(row, facts) },
          { head: "GPU-hours", isNumber: true, cell: (row) => formatHours(row.gpu_hours) },
          { head: period.previousName, isNumber: true, cell: (row) => formatHours(row.previous_gpu_hours) },
          {
            head: "Change",
            isNumber: true,
            cell: (row) => formatSigned(row.change_gpu_hours, formatHours),
          },
          {
            head: "Change in %",
            isNumber: true,
            cell: (row) => changeMark(row.gpu_hours, row.previous_gpu_hours),
          },
          {
            head: "GPU cost",
            mark: priceMark(facts),
            isNumber: true,
            cell: (row) => money(row.cost, build.currency),
          },
          {
            head: "Change in cost",
            isNumber: true,
            cell: (row) =>
              row.change_cost === null
                ? none
                : formatSigned(row.change_cost, (text) => formatMoney(text, build.currency)),
          },
        ],
        sorted,
        { id: "top-movers", caption: `What changed most in ${period.name}`, shown: 12 },
      ),
    };
  },
});

function size({ change_gpu_hours: change }: MoverRow): string {
  return change.replace("-", "");
}

function moverCell(row: MoverRow, facts: ReportFacts) {
  const since = row.status !== null && row.since !== null && `, ${row.status} since ${dateName(row.since)}`;
  const text = row.name ?? row.value;
  const shown =
    text === null
      ? html`<span class="none">none named</span>`
      : projectLink(facts, row.kind === "project" ? row.value : null, text);
  return html`${shown}<small>${kinds[row.kind] ?? row.kind}${since}</small>`;
}
