import { inSentence } from "../charts/label.ts";
import { add } from "../decimal.ts";
import { formatMoney, formatSigned, listed } from "../format.ts";
import { type Html, html, name } from "../html.ts";
import { monthName } from "../month.ts";
import { defineSection, priceMark, priceWords, type ReportFacts } from "../section.ts";
import { table } from "../table.ts";
import { percent } from "./reservations.ts";

export interface BudgetRow {
  scope: string;
  cost_centre: string | null;
  month: string;
  currency: string;
  budget: string | null;
  actual: string | null;
  forecast: string | null;
  remaining: string | null;
  forecast_remaining: string | null;
  used_share: number | null;
  status: string;
  message: string | null;
}

const words: Readonly<Record<string, string>> = {
  no_budget: "no budget",
  at_risk: "at risk",
  on_track: "on track",
};

/** A status draws the eye where the budget is, or will be, overspent. */
const severities: Readonly<Record<string, string>> = { over: "high", at_risk: "medium" };

export const budgets = defineSection<BudgetRow>({
  id: "budgets",
  title: "Budgets",
  short: "Budgets",
  query: "budgets",
  view(rows, facts) {
    if (rows.every(({ budget, forecast }) => budget === null && forecast === null)) return null;
    return {
      lead: html`${budgetSentence(rows) ?? "There is no budget for these months: budgets.csv holds them."}${priceMark(facts)}`,
      table: budgetTable(
        rows,
        facts,
        (row) => html`${centre(row)}<small>${monthName(row.month.slice(0, 7))}</small>`,
      ),
    };
  },
});

const shownInBrief = 5;

/** The budgets of the report's month, those that are overspent first: as many as a sheet of paper has room for. */
export const budgetsInBrief = defineSection<BudgetRow>({
  id: "budgets",
  title: "Budgets",
  query: "budgets",
  view(rows, facts) {
    const order = ["over", "at_risk", "on_track", "within"];
    const rank = ({ status }: BudgetRow) => (order.includes(status) ? order.indexOf(status) : order.length);
    const budgeted = rows
      .filter((row) => row.budget !== null && row.month.startsWith(facts.period.key))
      .sort((a, b) => rank(a) - rank(b));
    if (budgeted.length === 0) return null;
    const rest = budgeted.length - shownInBrief;
    return {
      lead: html`${rest > 0 ? `The ${shownInBrief} that need a look first; the report has ${rest} more.` : `All budgets of ${facts.period.name}.`}${priceMark(facts)}`,
      table: budgetTable(budgeted.slice(0, shownInBrief), facts, centre),
    };
  },
});

function budgetTable(
  rows: readonly BudgetRow[],
  facts: ReportFacts,
  centreCell: (row: BudgetRow) => Html,
): Html {
  const none = html`<span class="none">n/a</span>`;
  const amount = (value: string | null, currency: string) =>
    value === null ? none : formatMoney(value, currency);
  return table(
    [
      { head: "Cost centre", cell: centreCell },
      {
        head: "Status",
        cell: (row) =>
          html`<span class="severity ${severities[row.status] ?? "low"}">${words[row.status] ?? row.status}</span>${row.message !== null && html`<small>${row.message}</small>`}`,
      },
      { head: "Budget", isNumber: true, cell: (row) => amount(row.budget, row.currency) },
      {
        head: "Known cost",
        mark: priceMark(facts),
        isNumber: true,
        cell: (row) => amount(row.actual, row.currency),
      },
      {
        head: "At the month's end",
        isNumber: true,
        cell: (row) => amount(row.forecast, row.currency),
      },
      { head: "Used", isNumber: true, cell: (row) => percent(row.used_share) },
      {
        head: "Left at the end",
        isNumber: true,
        cell: (row) =>
          row.forecast_remaining === null
            ? none
            : formatSigned(row.forecast_remaining, (text) => formatMoney(text, row.currency)),
      },
    ],
    rows,
    { id: "budgets", caption: `Budgets by cost centre${priceWords(facts)}` },
  );
}

function centre(row: BudgetRow): Html {
  if (row.scope === "all") return html`Whole organisation`;
  if (row.cost_centre !== null) return name(row.cost_centre);
  return html`<span class="none">no cost centre</span><small>projects without one, and reservations that nobody used</small>`;
}

/** Which budgets are, or will be, overspent; null where there is no budget. */
export function budgetSentence(rows: readonly BudgetRow[]): string | null {
  const budgeted = rows.filter(({ budget }) => budget !== null);
  if (budgeted.length === 0) return null;
  const label = (row: BudgetRow) =>
    row.scope === "all"
      ? "the whole"
      : row.cost_centre === null
        ? "no cost centre"
        : inSentence(row.cost_centre);
  const of = (status: string) => {
    const names = budgeted
      .filter((row) => row.status === status)
      .map((row) => `${label(row)} (${monthName(row.month.slice(0, 7))})`);
    return names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  };
  const [over, atRisk] = [of("over"), of("at_risk")];
  if (over.length + atRisk.length === 0) return "No budget is overspent, or forecast to be.";
  return [
    over.length > 0 && `Over budget: ${listed(over)}.`,
    atRisk.length > 0 && `Forecast to go over: ${listed(atRisk)}.`,
  ]
    .filter((part) => part !== false)
    .join(" ");
}

/** What all cost centres of a month come to, forecast and budgeted, in the report's currency; null where unknown. */
export function monthBudget(
  rows: readonly BudgetRow[],
  month: string,
  { build }: ReportFacts,
): { forecast: string | null; budget: string | null } {
  const ofMonth = rows.filter((row) => row.month.startsWith(month) && row.currency === build.currency);
  const whole = ofMonth.find(({ scope }) => scope === "all");
  const centres = ofMonth.filter(({ scope }) => scope === "cost_centre");
  const total = (amounts: readonly (string | null)[]) =>
    amounts.length === 0 || amounts.includes(null)
      ? null
      : amounts.reduce<string>((sum, amount) => add(sum, amount ?? "0"), "0");
  return {
    forecast: whole?.forecast ?? total(centres.map(({ forecast }) => forecast)),
    budget:
      whole?.budget ?? total(centres.filter(({ budget }) => budget !== null).map(({ budget }) => budget)),
  };
}
