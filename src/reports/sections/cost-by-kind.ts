import { inSentence } from "../charts/label.ts";
import { sum } from "../decimal.ts";
import { changeMark, money, moneyLines, sumByCurrency } from "../figures.ts";
import { formatHours, formatMoney, formatShare } from "../format.ts";
import { type Html, html, name } from "../html.ts";
import { defineSection, hasPeriodBefore, priceMark, priceWords, type Section } from "../section.ts";
import { table } from "../table.ts";

interface KindCost {
  gpu_type?: string | null;
  organization_name?: string | null;
  region?: string | null;
  currency: string;
  cost: string | null;
  previous_cost: string | null;
  change_cost: string | null;
  gpu_hours: string;
  previous_gpu_hours: string;
  unpriced_gpu_hours: string;
}

interface Kind {
  id: string;
  query: string;
  title: string;
  head: string;
  kindOf: (row: KindCost) => string | null;
  /** What rows without a value are. */
  rest: string;
  /** So many there are to be for it to be worth a place. */
  fewest?: number;
}

/** Cost by what the usage is of, where it was, or whose it is. */
function costBy({ id, query, title, head, kindOf, rest, fewest = 1 }: Kind): Section {
  return defineSection<KindCost>({
    id,
    title,
    query,
    view(rows, facts) {
      const { period, build } = facts;
      if (rows.every((row) => row.cost === null) || new Set(rows.map(kindOf)).size < fewest) return null;
      const totals = sumByCurrency(rows, (row) => row.cost);
      const hasBefore = hasPeriodBefore(facts);
      const before = hasBefore ? sumByCurrency(rows, (row) => row.previous_cost) : new Map<string, string>();
      const [only = null] = totals.size === 1 ? totals.values() : [];
      const [onlyBefore = null] = before.size === 1 ? before.values() : [];
      const mark = priceMark(facts);
      const none = html`<span class="none">n/a</span>`;
      const first = rows.find((row) => row.currency === build.currency && row.cost !== null);
      const total = totals.get(build.currency);
      const label = (row: KindCost): Html | string => {
        const value = kindOf(row);
        return value === null ? html`<span class="none">${rest}</span>` : name(value);
      };
      return {
        lead: html`${
          first?.cost && total
            ? `${kindOf(first) === null ? rest : inSentence(kindOf(first) ?? "")} cost most: ${formatMoney(first.cost, build.currency)}, ${formatShare(first.cost, total) ?? "all"} of ${formatMoney(total, build.currency)}.`
            : `Nothing is priced in ${build.currency} in ${period.name}.`
        }${mark}`,
        table: table(
          [
            { head, cell: label, total: "All" },
            {
              head: "Cost",
              mark,
              isNumber: true,
              cell: (row) => money(row.cost, row.currency),
              total: moneyLines(totals),
            },
            {
              head: "Share",
              isNumber: true,
              cell: (row) =>
                row.cost === null ? "" : formatShare(row.cost, totals.get(row.currency) ?? "0"),
            },
            {
              head: period.previousName,
              isNumber: true,
              cell: (row) => (hasBefore ? money(row.previous_cost, row.currency) : none),
              total: hasBefore ? moneyLines(before) : none,
            },
            {
              head: "Change in %",
              isNumber: true,
              cell: (row) => changeMark(row.cost, hasBefore ? row.previous_cost : null),
              total: changeMark(only, onlyBefore),
            },
            {
              head: "GPU-hours",
              isNumber: true,
              cell: (row) => formatHours(row.gpu_hours),
              total: formatHours(sum(rows.map((row) => row.gpu_hours)) ?? "0"),
            },
            {
              head: "Unpriced GPU-hours",
              isNumber: true,
              cell: (row) => formatHours(row.unpriced_gpu_hours),
              total: formatHours(sum(rows.map((row) => row.unpriced_gpu_hours)) ?? "0"),
            },
          ],
          rows,
          { id, caption: `${title}, ${period.name}${priceWords(facts)}` },
        ),
      };
    },
  });
}

export const costByGpuType = costBy({
  id: "cost-by-gpu-type",
  query: "cost_by_gpu_type",
  title: "Cost by GPU type",
  head: "GPU type",
  kindOf: (row) => row.gpu_type ?? null,
  rest: "No GPU",
});

export const costByOrganization = costBy({
  id: "cost-by-organization",
  query: "cost_by_organization",
  title: "Cost by organisation",
  head: "Organisation",
  kindOf: (row) => row.organization_name ?? null,
  rest: "Not known",
  fewest: 2,
});

export const costByRegion = costBy({
  id: "cost-by-region",
  query: "cost_by_region",
  title: "Cost by region",
  head: "Region",
  kindOf: (row) => row.region ?? null,
  rest: "No region",
});
