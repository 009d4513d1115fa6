import { formatCount, formatMoney } from "../format.ts";
import { html } from "../html.ts";
import { monthName } from "../month.ts";
import { defineSection, priceMark, priceWords } from "../section.ts";
import { table } from "../table.ts";

interface SavingsRow {
  month_start: string;
  currency: string | null;
  found_count: number;
  found_monthly_waste: string | null;
  resolved_count: number;
  saved_per_month: string | null;
  standing_count: number;
  standing_monthly_waste: string | null;
  saved_per_month_to_date: string | null;
}

export const idleSavings = defineSection<SavingsRow>({
  id: "idle-savings",
  title: "What acting on idle resources has saved",
  query: "idle_savings",
  view(all, facts) {
    const { build } = facts;
    const rows = all.filter(({ currency }) => currency !== null).slice(-24);
    if (rows.every(({ resolved_count }) => resolved_count === 0)) return null;
    const last = rows.findLast(({ currency }) => currency === build.currency);
    const mark = priceMark(facts);
    const amount = (value: string | null, currency: string | null) =>
      value === null ? html`<span class="none">unpriced</span>` : formatMoney(value, currency ?? "");
    return {
      lead: html`${
        last?.saved_per_month_to_date
          ? `All that was mended up to the end of ${monthName(last.month_start.slice(0, 7))} had wasted ${formatMoney(last.saved_per_month_to_date, build.currency)} a month.`
          : "What was mended had no price."
      }${mark}`,
      table: table(
        [
          { head: "Month", cell: (row) => monthName(row.month_start.slice(0, 7)) },
          { head: "Found", isNumber: true, cell: (row) => formatCount(row.found_count) },
          { head: "Mended", isNumber: true, cell: (row) => formatCount(row.resolved_count) },
          {
            head: "Saved per month",
            mark,
            isNumber: true,
            cell: (row) => amount(row.saved_per_month, row.currency),
          },
          { head: "Still standing", isNumber: true, cell: (row) => formatCount(row.standing_count) },
          {
            head: "Their waste per month",
            isNumber: true,
            cell: (row) => amount(row.standing_monthly_waste, row.currency),
          },
        ],
        rows,
        { id: "idle-savings", caption: `Idle resources by month${priceWords(facts)}`, shown: 13 },
      ),
    };
  },
});
