import { type Bar, barsChart } from "../charts/bars.ts";
import { isZero, sum } from "../decimal.ts";
import { changeMark, money, moneyLines, sumByCurrency } from "../figures.ts";
import { counted, currencyPrefix, formatCount, formatHours, formatMoney, formatShare } from "../format.ts";
import { html, name } from "../html.ts";
import {
  defineSection,
  hasPeriodBefore,
  type Others,
  priceMark,
  priceWords,
  type ReportFacts,
} from "../section.ts";
import { table } from "../table.ts";
import type { BudgetRow } from "./budgets.ts";

interface CentreCost {
  cost_centre: string | null;
  project_count: string;
  currency: string;
  cost: string | null;
  previous_cost: string | null;
  change_cost: string | null;
  gpu_hours: string;
  unpriced_gpu_hours: string;
}

export const costByCostCentre = defineSection<CentreCost>({
  id: "cost-by-cost-centre",
  title: "Cost by cost centre",
  query: "cost_by_cost_centre",
  view(rows, facts, others) {
    const { period, build } = facts;
    // Where no project has a cost centre, this says nothing that the projects don't.
    if (rows.every((row) => row.cost_centre === null || row.cost === null)) return null;
    const totals = sumByCurrency(rows, (row) => row.cost);
    const before = sumByCurrency(rows, (row) => row.previous_cost);
    const hasBefore = hasPeriodBefore(facts);
    const mark = priceMark(facts);
    const without = rows.find(
      (row) => row.cost_centre === null && row.cost !== null && row.currency === build.currency,
    );
    const centres = new Set(rows.flatMap((row) => (row.cost_centre === null ? [] : [row.cost_centre]))).size;
    const lead = `${counted(centres, "cost centre")} in ${period.name}. ${
      without?.cost
        ? `${formatMoney(without.cost, build.currency)}, ${formatShare(without.cost, totals.get(build.currency) ?? "0")}, belongs to none.`
        : "Every priced project belongs to one."
    }`;
    const bars = barsOf(rows, facts, others);
    return {
      lead: html`${lead}${mark}`,
      ...(bars.length > 0 && {
        legend: html`<ul class="legend" aria-hidden="true"><li><i class="key bar"></i>${period.name}</li>${
          hasBefore && html`<li><i class="key tick"></i>${period.previousName}</li>`
        }${bars.some(({ limit }) => limit !== null) && html`<li><i class="key alert tick"></i>Budget</li>`}</ul>`,
        chart: barsChart(bars, {
          label: `Bars of cost by cost centre in ${period.name}${priceWords(facts)}, beside their budgets. ${lead}`,
          unit: `${build.currency}${priceWords(facts)}`,
          prefix: currencyPrefix(build.currency),
        }),
      }),
      table: table(
        [
          {
            head: "Cost centre",
            cell: (row) =>
              row.cost_centre === null ? html`<span class="none">none</span>` : name(row.cost_centre),
            total: "All",
          },
          { head: "Projects", isNumber: true, cell: (row) => formatCount(row.project_count) },
          {
            head: "Cost",
            mark,
            isNumber: true,
            cell: (row) => money(row.cost, row.currency),
            key: (row) => row.cost,
            total: moneyLines(totals),
          },
          {
            head: "Share",
            isNumber: true,
            cell: (row) => (row.cost === null ? "" : formatShare(row.cost, totals.get(row.currency) ?? "0")),
          },
          {
            head: period.previousName,
            isNumber: true,
            cell: (row) =>
              hasBefore ? money(row.previous_cost, row.currency) : html`<span class="none">n/a</span>`,
            total: hasBefore ? moneyLines(before) : html`<span class="none">n/a</span>`,
          },
          {
            head: "Change in %",
            isNumber: true,
            cell: (row) => changeMark(row.cost, hasBefore ? row.previous_cost : null),
            total: changeMark(onlySum(totals), hasBefore ? onlySum(before) : null),
          },
          {
            head: "Unpriced GPU-hours",
            isNumber: true,
            cell: (row) => formatHours(row.unpriced_gpu_hours),
            key: (row) => row.unpriced_gpu_hours,
            total: formatHours(sum(rows.map((row) => row.unpriced_gpu_hours)) ?? "0"),
          },
        ],
        rows,
        { id: "cost-by-cost-centre", caption: `Cost by cost centre, ${period.name}${priceWords(facts)}` },
      ),
    };
  },
});

const maxBars = 16;

/** The costliest centres, each with its budget of the month. */
function barsOf(
  rows: readonly CentreCost[],
  facts: ReportFacts,
  others: Others,
): (Bar & { limit: number | null })[] {
  const { currency } = facts.build;
  const budgets = new Map(
    ((others.get("budgets")?.rows ?? []) as unknown as readonly BudgetRow[])
      .filter((row) => row.scope === "cost_centre" && row.currency === currency)
      .filter((row) => row.month.startsWith(facts.period.key) && row.budget !== null)
      .map((row) => [row.cost_centre, row.budget]),
  );
  return rows
    .filter((row) => row.currency === currency && row.cost !== null && !isZero(row.cost))
    .slice(0, maxBars)
    .map((row) => {
      const budget = budgets.get(row.cost_centre) ?? null;
      const text = formatMoney(row.cost ?? "0", currency);
      return {
        label: row.cost_centre ?? "no cost centre",
        value: Number(row.cost),
        previous: hasPeriodBefore(facts) && row.previous_cost !== null ? Number(row.previous_cost) : null,
        limit: budget === null ? null : Number(budget),
        text,
        lines: [text, ...(budget === null ? [] : [`budget: ${formatMoney(budget, currency)}`])],
        colour: row.cost_centre === null ? ("strong" as const) : ("bar" as const),
      };
    });
}

/** The sum where all amounts are in one currency: sums of several can't be compared. */
function onlySum(sums: ReadonlyMap<string, string>): string | null {
  const [first = null] = sums.size === 1 ? sums.values() : [];
  return first;
}
