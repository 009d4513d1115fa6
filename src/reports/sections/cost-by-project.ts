import { type Bar, barsChart } from "../charts/bars.ts";
import { foldTail } from "../charts/fold.ts";
import { inSentence } from "../charts/label.ts";
import { compare, isZero, subtract, sum } from "../decimal.ts";
import { changeMark, money, moneyLines, projectNames, sumByCurrency } from "../figures.ts";
import { currencyPrefix, formatHours, formatMoney, formatShare, formatSigned } from "../format.ts";
import { html, name } from "../html.ts";
import { defineSection, hasPeriodBefore, priceMark, priceWords, type ReportFacts } from "../section.ts";
import { type Column, table } from "../table.ts";

interface ProjectCost {
  project_id: string;
  project_name: string;
  cost_centre: string | null;
  currency: string;
  cost: string | null;
  previous_cost: string | null;
  change_cost: string | null;
  gpu_hours: string;
  unpriced_gpu_hours: string;
}

const maxBars = 12;

export const costByProject = defineSection<ProjectCost>({
  id: "cost-by-project",
  title: "Cost by project",
  short: "Cost",
  query: "cost_by_project",
  async view(rows, facts) {
    const { period, build } = facts;
    const priced = rows.filter(
      (row) => row.currency === build.currency && row.cost !== null && !isZero(row.cost),
    );
    if (rows.every((row) => row.cost === null)) {
      return {
        lead: `No price applies to any usage of ${period.name}, so there is no cost to show; it is not zero. Prices are read from prices.csv.`,
      };
    }
    const lead = leadOf(priced, facts);
    return {
      lead: html`${lead}${priceMark(facts)}`,
      ...(priced.length > 0 && {
        legend: html`<ul class="legend" aria-hidden="true"><li><i class="key bar"></i>${period.name}</li>${
          hasPeriodBefore(facts) && html`<li><i class="key tick"></i>${period.previousName}</li>`
        }</ul>`,
        chart: barsChart(await barsOf(priced, facts), {
          label: `Bars of cost by project in ${period.name}${priceWords(facts)}. ${lead}`,
          unit: `${build.currency}${priceWords(facts)}`,
          prefix: currencyPrefix(build.currency),
        }),
      }),
      table: costTable(rows, facts),
    };
  },
});

function leadOf(priced: readonly ProjectCost[], { period, build }: ReportFacts): string {
  const total = sum(priced.map((row) => row.cost));
  const [first] = priced;
  if (total === null || !first?.cost) return `Nothing is priced in ${build.currency} in ${period.name}.`;
  const where = first.cost_centre === null ? "" : ` (cost centre ${inSentence(first.cost_centre)})`;
  return `The costliest is ${inSentence(first.project_name)}${where}: ${formatMoney(first.cost, build.currency)}, ${formatShare(first.cost, total)} of ${formatMoney(total, build.currency)}.`;
}

async function barsOf(priced: readonly ProjectCost[], facts: ReportFacts): Promise<Bar[]> {
  const { currency } = facts.build;
  const hasBefore = hasPeriodBefore(facts);
  const repeated = new Set(priced.map((row) => row.project_id).filter((id, i, ids) => ids.indexOf(id) !== i));
  const folded = await foldTail(
    priced.map((row) => ({
      key: row.project_id,
      value: Number(row.cost),
      previous: hasBefore && row.previous_cost !== null ? Number(row.previous_cost) : null,
    })),
    maxBars,
    "",
  );
  return folded.map(({ value, previous, count }, i) => {
    const stoodFor = priced.slice(i, i + count);
    const [row] = stoodFor;
    // A project that moved to another cost centre within the month has a bar for each.
    const centre =
      row && repeated.has(row.project_id) ? ` \u00b7 ${row.cost_centre ?? "no cost centre"}` : "";
    return {
      label: count === 1 ? `${row?.project_name ?? ""}${centre}` : `${count} others`,
      value,
      previous,
      text: formatMoney(sum(stoodFor.map(({ cost }) => cost)) ?? "0", currency),
      colour: count === 1 ? "bar" : "strong",
    };
  });
}

function costTable(rows: readonly ProjectCost[], facts: ReportFacts) {
  const { period } = facts;
  const mark = priceMark(facts);
  const hasBefore = hasPeriodBefore(facts);
  const totals = sumByCurrency(rows, (row) => row.cost);
  const [only] = totals.size === 1 ? totals.values() : [];
  const before = hasBefore ? sumByCurrency(rows, (row) => row.previous_cost) : new Map<string, string>();
  const [onlyBefore] = before.size === 1 ? before.values() : [];
  const columns: Column<ProjectCost>[] = [
    { head: "Project", cell: projectNames(rows), total: "All projects" },
    {
      head: "Cost centre",
      cell: (row) =>
        row.cost_centre === null ? html`<span class="none">none</span>` : name(row.cost_centre),
    },
    {
      head: "Cost",
      mark,
      isNumber: true,
      cell: (row) => money(row.cost, row.currency),
      key: (row) => row.cost,
      total: moneyLines(totals),
    },
    {
      head: period.previousName,
      isNumber: true,
      cell: (row) =>
        hasBefore ? money(row.previous_cost, row.currency) : html`<span class="none">n/a</span>`,
      total: hasBefore ? moneyLines(before) : html`<span class="none">n/a</span>`,
    },
    {
      head: "Change",
      isNumber: true,
      cell: (row) =>
        hasBefore && row.change_cost !== null
          ? formatSigned(row.change_cost, (text) => formatMoney(text, row.currency))
          : html`<span class="none">n/a</span>`,
      total:
        only !== undefined && onlyBefore !== undefined
          ? formatSigned(subtract(only, onlyBefore), (text) => formatMoney(text, [...totals.keys()].join()))
          : html`<span class="none">n/a</span>`,
    },
    {
      head: "Change in %",
      isNumber: true,
      cell: (row) => changeMark(row.cost, hasBefore ? row.previous_cost : null),
      total: changeMark(only ?? null, onlyBefore ?? null),
    },
    {
      head: "Unpriced GPU-hours",
      isNumber: true,
      cell: (row) =>
        compare(row.unpriced_gpu_hours, "0") === 0
          ? html`<span class="none">0.0</span>`
          : formatHours(row.unpriced_gpu_hours),
      total: formatHours(sum(rows.map((row) => row.unpriced_gpu_hours)) ?? "0"),
    },
  ];
  return table(columns, rows, {
    id: "cost-by-project",
    caption: `Cost by project, ${period.name}${priceWords(facts)}`,
  });
}
