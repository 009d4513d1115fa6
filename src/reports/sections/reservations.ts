import { inSentence } from "../charts/label.ts";
import { compare } from "../decimal.ts";
import { day, named, sumByCurrency } from "../figures.ts";
import { counted, formatCount, formatMoney, formatSigned, listed } from "../format.ts";
import { type Html, html } from "../html.ts";
import { defineSection, priceMark, priceWords } from "../section.ts";
import { table } from "../table.ts";

interface ReservationRow {
  reservation_id: string;
  product_line: string | null;
  gpu_type: string | null;
  status: string;
  reserved_gpus: number | string | null;
  contract_first_date: string | null;
  contract_end_date: string | null;
  days_left: number | string | null;
  utilisation_7d: number | null;
  utilisation_28d: number | null;
  utilisation_90d: number | null;
  break_even_utilisation: number | null;
  unit_price: string | null;
  effective_rate_90d: string | null;
  unused_cost_90d: string | null;
  savings_90d: string | null;
  committed_cost_to_come: string | null;
  currency: string;
  message: string | null;
}

/** A share that the models keep as a DOUBLE, in percent. */
export function percent(share: number | null): Html | string {
  return share === null ? html`<span class="none">n/a</span>` : `${(share * 100).toFixed(1)}%`;
}

export const reservations = defineSection<ReservationRow>({
  id: "reservations",
  title: "Reservations",
  short: "Reservations",
  query: "reservations",
  view(rows, facts) {
    if (rows.length === 0) return null;
    const none = html`<span class="none">n/a</span>`;
    const mark = priceMark(facts);
    const running = rows.filter(({ status }) => status === "running");
    const unused = sumByCurrency(rows, (row) => row.unused_cost_90d);
    const [first] = rows.filter(({ unused_cost_90d: cost }) => cost !== null && compare(cost, "0") > 0);
    const lead = `${counted(running.length, "reservation runs", "reservations run")} now.${
      unused.size > 0
        ? ` Over the last 90 days that were read, ${listed([...unused].map(([currency, cost]) => formatMoney(cost, currency)))} was paid for reserved GPU-hours that nobody used${first && rows.length > 1 ? `, most of it for ${inSentence(first.product_line ?? first.reservation_id)}` : ""}.`
        : ""
    }`;
    const amount = (value: string | null, currency: string) =>
      value === null ? none : formatMoney(value, currency);
    return {
      lead: html`${lead}${mark}`,
      table: table(
        [
          {
            head: "Reservation",
            cell: (row) => html`${named(row.product_line ?? row.reservation_id, row.reservation_id)}`,
          },
          {
            head: "Contract",
            cell: (row) =>
              html`${row.status}<small>${row.contract_end_date === null ? "without end" : html`up to ${day(row.contract_end_date)}`}${row.days_left !== null && row.status === "running" && `, ${counted(row.days_left, "day")} left`}</small>`,
          },
          {
            head: "GPUs",
            isNumber: true,
            cell: (row) => (row.reserved_gpus === null ? none : formatCount(row.reserved_gpus)),
          },
          {
            head: "Used, 28 days",
            isNumber: true,
            cell: (row) =>
              html`${percent(row.utilisation_28d)}<small>90 days: ${percent(row.utilisation_90d)}</small>${row.break_even_utilisation !== null && html`<small>pays from ${percent(row.break_even_utilisation)}</small>`}`,
          },
          {
            head: "Unused, 90 days",
            mark,
            isNumber: true,
            cell: (row) => amount(row.unused_cost_90d, row.currency),
          },
          {
            head: "Saved, 90 days",
            mark,
            isNumber: true,
            cell: (row) =>
              row.savings_90d === null
                ? html`${none}${row.message !== null && html`<small>${row.message}</small>`}`
                : formatSigned(row.savings_90d, (text) => formatMoney(text, row.currency)),
          },
        ],
        rows,
        { id: "reservations", caption: `Reservations as they stand${priceWords(facts)}` },
      ),
    };
  },
});
