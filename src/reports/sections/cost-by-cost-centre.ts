import { sum } from "../decimal.ts";
import { changeMark, money, moneyLines, sumByCurrency } from "../figures.ts";
import { counted, formatCount, formatHours, formatMoney, formatShare } from "../format.ts";
import { html, name } from "../html.ts";
import { defineSection, hasPeriodBefore, priceMark, priceWords } from "../section.ts";
import { table } from "../table.ts";

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
  view(rows, facts) {
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
    return {
      lead: html`${counted(centres, "cost centre")} in ${period.name}. ${
        without?.cost
          ? `${formatMoney(without.cost, build.currency)}, ${formatShare(without.cost, totals.get(build.currency) ?? "0")}, belongs to none.`
          : "Every priced project belongs to one."
      }${mark}`,
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

/** The sum where all amounts are in one currency: sums of several can't be compared. */
function onlySum(sums: ReadonlyMap<string, string>): string | null {
  const [first = null] = sums.size === 1 ? sums.values() : [];
  return first;
}
