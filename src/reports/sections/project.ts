import { isZero, sum } from "../decimal.ts";
import { changeMark, money, moneyLines, sumByCurrency } from "../figures.ts";
import { counted, formatHours, formatMoney, formatNumber } from "../format.ts";
import { type HtmlPart, html, name } from "../html.ts";
import { defineSection, hasPeriodBefore, priceMark, priceWords } from "../section.ts";
import { table } from "../table.ts";
import { withoutAnnotations } from "./day-annotations.ts";
import { daysView } from "./gpu-hours-by-day.ts";

interface FiguresRow {
  project_id: string;
  project_name: string;
  cost_centre: string | null;
  owner: string | null;
  currency: string;
  gpu_hours: string;
  previous_gpu_hours: string;
  unpriced_gpu_hours: string;
  cost: string | null;
  previous_cost: string | null;
  idle_findings: number;
  idle_waste_per_month: string | null;
  missing_days: number;
}

/** The figures at the head of a project's page. */
export const projectFigures = defineSection<FiguresRow>({
  id: "headline",
  title: "Headline figures",
  query: "project_figures",
  view(rows, facts) {
    const [first] = rows;
    if (!first) return null;
    const { period } = facts;
    const before = (current: string | null, previous: string | null): HtmlPart =>
      hasPeriodBefore(facts)
        ? html`${changeMark(current, previous)} <span class="against">on ${period.previousName}</span>`
        : html`<span class="change none">n/a</span> no period before`;
    const waste = sumByCurrency(rows, (row) => row.idle_waste_per_month);
    const costs = rows.filter(({ cost }) => cost !== null);
    const card = (title: HtmlPart, value: HtmlPart, note: HtmlPart) =>
      html`<div class="figure"><dt>${title}</dt><dd class="value">${value}</dd><dd class="note">${note}</dd></div>`;
    return {
      lead: html`${first.missing_days > 0 && html`<b>Data are missing:</b> ${counted(first.missing_days, "day")} of ${period.name} could not be read in full, so that totals are too low. `}Cost centre ${first.cost_centre === null ? html`<span class="none">none</span>` : name(first.cost_centre)}; owner ${first.owner === null ? html`<span class="none">not named</span>` : name(first.owner)}; project ${name(first.project_id)}.`,
      more: html`<dl class="cards-row">${[
        card("GPU-hours", formatHours(first.gpu_hours), before(first.gpu_hours, first.previous_gpu_hours)),
        card(
          html`Cost${priceMark(facts)}`,
          costs.length === 0
            ? html`<span class="none">no price applies</span>`
            : costs.map(
                (row, i) => html`${i > 0 && html`<br>`}${formatMoney(row.cost ?? "0", row.currency)}`,
              ),
          costs.length === 1 ? before(costs[0]?.cost ?? null, costs[0]?.previous_cost ?? null) : "",
        ),
        card(
          "Unpriced GPU-hours",
          formatHours(first.unpriced_gpu_hours),
          isZero(first.unpriced_gpu_hours)
            ? "all usage has a price"
            : "have no price and are not in the cost",
        ),
        card(
          "Idle resources",
          String(first.idle_findings),
          first.idle_findings === 0 ? "nothing was found idle" : "open findings",
        ),
        card(html`Idle waste per month${priceMark(facts)}`, moneyLines(waste), "each cost counted once"),
      ]}</dl>`,
    };
  },
});

export const projectDays = defineSection<Parameters<typeof daysView>[0][number]>({
  id: "gpu-hours-by-day",
  title: "GPU-hours by day",
  short: "By day",
  query: "project_days",
  view: (rows, facts) => daysView(rows, facts, withoutAnnotations, { isCompact: true }),
});

interface TypeRow {
  resource_type: string;
  region: string | null;
  billable_metric: string;
  quantity: string;
  gpu_hours: string | null;
  currency: string;
  cost: string | null;
  previous_cost: string | null;
}

export const projectTypes = defineSection<TypeRow>({
  id: "usage-and-cost",
  title: "Usage and cost by type",
  short: "Usage and cost",
  query: "project_types",
  view(rows, facts) {
    if (rows.length === 0) return { lead: `Nothing was used in ${facts.period.name} or before it.` };
    const hasBefore = hasPeriodBefore(facts);
    const none = html`<span class="none">n/a</span>`;
    const totals = sumByCurrency(rows, (row) => row.cost);
    const hours = sum(rows.map((row) => row.gpu_hours));
    return {
      lead: `${counted(new Set(rows.map(({ resource_type }) => resource_type)).size, "resource type")} in ${facts.period.name} and before it.`,
      table: table(
        [
          {
            head: "Type",
            cell: (row) =>
              html`${name(row.resource_type)}${row.region !== null && html`<small>${name(row.region)}</small>`}`,
            total: "All",
          },
          {
            head: "Quantity",
            isNumber: true,
            cell: (row) => html`${formatNumber(row.quantity, 1)}<small>${name(row.billable_metric)}</small>`,
          },
          {
            head: "GPU-hours",
            isNumber: true,
            cell: (row) => (row.gpu_hours === null ? none : formatHours(row.gpu_hours)),
            total: hours === null ? none : formatHours(hours),
          },
          {
            head: "Cost",
            mark: priceMark(facts),
            isNumber: true,
            cell: (row) => money(row.cost, row.currency),
            total: moneyLines(totals),
          },
          {
            head: facts.period.previousName,
            isNumber: true,
            cell: (row) => (hasBefore ? money(row.previous_cost, row.currency) : none),
            total: hasBefore ? moneyLines(sumByCurrency(rows, (row) => row.previous_cost)) : none,
          },
        ],
        rows,
        { id: "usage-and-cost", caption: `Usage and cost by type${priceWords(facts)}` },
      ),
    };
  },
});
