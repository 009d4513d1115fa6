import { burnUpChart } from "../charts/burn-up.ts";
import { compare, isZero, subtract } from "../decimal.ts";
import { currencyPrefix, formatMoney, formatShare } from "../format.ts";
import { html } from "../html.ts";
import { daysBetween, shortDate } from "../month.ts";
import { defineSection, priceMark, priceWords, type ReportFacts } from "../section.ts";
import { table } from "../table.ts";

interface BudgetDay {
  usage_date: string;
  is_forecast: boolean;
  cost: string | null;
  cost_to_date: string | null;
  budget: string;
  currency: string;
}

/** How the month's budget is used up, as a line that grows to it. */
export const budgetDays = defineSection<BudgetDay>({
  id: "budget-days",
  title: "Cost against budget by day",
  query: "budget_days",
  view(rows, facts) {
    const { period } = facts;
    const [first] = rows;
    const last = rows.findLast((row) => !row.is_forecast && row.cost_to_date !== null);
    if (!first || !last?.cost_to_date || period.kind !== "month") return null;
    const { budget, currency } = first;
    const lead = leadOf(rows, last, facts);
    const none = html`<span class="none">n/a</span>`;
    const amount = (value: string | null) => (value === null ? none : formatMoney(value, currency));
    const isForecast = rows.some((row) => row.is_forecast);
    return {
      lead: html`${lead}${priceMark(facts)}`,
      legend: html`<ul class="legend at-edge" aria-hidden="true"><li><i class="key accent stroke"></i>cost to date</li><li><i class="key alert stroke"></i>budget</li>${
        isForecast && html`<li><i class="key accent dashes"></i>forecast</li>`
      }</ul>`,
      chart: burnUpChart({
        label: `A line of the cost of ${period.name} up to each day, under its budget. ${lead}`,
        unit: `${currency} to date${priceWords(facts)}`,
        prefix: currencyPrefix(currency),
        points: rows.map((row) => ({
          day: row.usage_date,
          toDate: row.cost_to_date === null ? null : Number(row.cost_to_date),
          isForecast: row.is_forecast,
        })),
        limit: { value: Number(budget), text: `budget ${formatMoney(budget, currency, 0)}` },
        spentText: `cost ${formatMoney(last.cost_to_date, currency, 0)}`,
        spots: rows.map((row) => ({
          name: shortDate(row.usage_date),
          lines: [
            row.cost_to_date === null
              ? "not known"
              : `${formatMoney(row.cost_to_date, currency)} since the month began${row.is_forecast ? ", forecast" : ""}`,
            `budget: ${formatMoney(budget, currency)}`,
          ],
        })),
      }),
      table: table(
        [
          { head: "Day", cell: (row) => row.usage_date },
          { head: "Cost", mark: priceMark(facts), isNumber: true, cell: (row) => amount(row.cost) },
          { head: "Since the month began", isNumber: true, cell: (row) => amount(row.cost_to_date) },
          {
            head: "Left of the budget",
            isNumber: true,
            cell: (row) => amount(row.cost_to_date === null ? null : subtract(budget, row.cost_to_date)),
          },
          { head: "How known", cell: (row) => (row.is_forecast ? "forecast" : "read") },
        ],
        rows,
        {
          id: "budget-days",
          caption: `Cost against budget by day, ${period.name}${priceWords(facts)}`,
          shown: daysBetween(period.start, period.end),
          isWide: true,
        },
      ),
      isTableFolded: true,
    };
  },
});

function leadOf(rows: readonly BudgetDay[], last: BudgetDay, { period }: ReportFacts): string {
  const spent = last.cost_to_date ?? "0";
  const { budget, currency } = last;
  const share = isZero(budget) ? null : formatShare(spent, budget);
  const known = `Up to ${shortDate(last.usage_date)}, ${formatMoney(spent, currency)} of a budget of ${formatMoney(budget, currency)} was spent${share === null ? "" : `, ${share}`}.`;
  const crossed = rows.find((row) => row.cost_to_date !== null && compare(row.cost_to_date, budget) > 0);
  if (!crossed) return period.isRunning ? `${known} It is forecast to last.` : known;
  return `${known} It ${crossed.is_forecast ? "is forecast to be" : "was"} used up on ${shortDate(crossed.usage_date)}.`;
}
