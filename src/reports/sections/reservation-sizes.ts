import { inSentence } from "../charts/label.ts";
import { compare, isZero } from "../decimal.ts";
import { money } from "../figures.ts";
import { counted, formatCount, formatMoney, formatSigned } from "../format.ts";
import { html, name } from "../html.ts";
import { dateName } from "../month.ts";
import { defineSection, priceMark, priceWords } from "../section.ts";
import { table } from "../table.ts";
import { percent } from "./reservations.ts";

interface SizeRow {
  product_line: string;
  gpu_type: string | null;
  first_date: string;
  last_date: string;
  read_days: number | string;
  current_gpus: number | string | null;
  cheapest_gpus: number | string;
  cheapest_utilisation: number | null;
  actual_cost: string | null;
  cheapest_cost: string | null;
  saving: string | null;
  currency: string;
}

export const reservationSizes = defineSection<SizeRow>({
  id: "reservation-sizes",
  title: "Reservations of another size",
  query: "reservation_sizes",
  view(all, facts) {
    const rows = all.filter(({ saving }) => saving !== null && !isZero(saving));
    const [first] = rows;
    if (!first?.saving) return null;
    const mark = priceMark(facts);
    const isSaving = compare(first.saving, "0") > 0;
    return {
      lead: html`${
        isSaving
          ? `With ${counted(first.cheapest_gpus, "GPU")} of ${inSentence(first.product_line)} reserved in place of ${formatCount(first.current_gpus ?? 0)}, the ${counted(first.read_days, "day")} up to ${dateName(first.last_date)} that were read would have cost ${formatMoney(first.saving, first.currency)} less.`
          : "No other size of a reservation would have cost less."
      }${mark}`,
      table: table(
        [
          {
            head: "Product line",
            cell: (row) =>
              html`${name(row.product_line)}${row.gpu_type !== null && html`<small>${name(row.gpu_type)}</small>`}`,
          },
          {
            head: "GPUs now",
            isNumber: true,
            cell: (row) =>
              row.current_gpus === null ? html`<span class="none">n/a</span>` : formatCount(row.current_gpus),
          },
          { head: "Cheapest", isNumber: true, cell: (row) => formatCount(row.cheapest_gpus) },
          { head: "Used of these", isNumber: true, cell: (row) => percent(row.cheapest_utilisation) },
          {
            head: "Cost as it was",
            mark,
            isNumber: true,
            cell: (row) => money(row.actual_cost, row.currency),
          },
          {
            head: "Cost of the cheapest",
            mark,
            isNumber: true,
            cell: (row) => money(row.cheapest_cost, row.currency),
          },
          {
            head: "Saving",
            isNumber: true,
            cell: (row) => formatSigned(row.saving ?? "0", (text) => formatMoney(text, row.currency)),
          },
        ],
        rows,
        {
          id: "reservation-sizes",
          caption: `Reservations of the size that would have cost least${priceWords(facts)}`,
        },
      ),
    };
  },
});
