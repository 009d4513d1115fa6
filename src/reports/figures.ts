import { add, compare, isZero } from "./decimal.ts";
import { formatChange, formatMoney } from "./format.ts";
import { type Html, type HtmlPart, html, name } from "./html.ts";
import type { Figure } from "./section.ts";

/** The headline figures by name. */
export interface Figures {
  /** The figure in its unit; an amount in the report's own currency. */
  get(figure: string): Figure;
  /** An amount in every currency that it is known in, the report's own first. */
  amounts(figure: string): readonly { value: string; currency: string }[];
}

export function figuresOf(rows: readonly Figure[]): Figures {
  return {
    get(figure) {
      const found = rows.find((row) => row.figure === figure);
      if (!found) throw new Error(`sql/reports/headline.sql gives no figure ${figure}.`);
      return found;
    },
    amounts: (figure) =>
      rows.flatMap(({ figure: name, unit, value }) =>
        name === figure && value !== null ? [{ value, currency: unit }] : [],
      ),
  };
}

/** How a figure stands to the month before, as a small mark: up, down or level; `n/a` where unknown. */
export function changeMark(current: string | null, previous: string | null): Html {
  const change = formatChange(current, previous);
  if (change === null) {
    const isNew = current !== null && previous !== null && !isZero(current);
    return isNew ? html`<span class="change">new</span>` : html`<span class="change none">n/a</span>`;
  }
  const direction = compare(current ?? "0", previous ?? "0");
  const arrow = direction > 0 ? "\u25b2" : direction < 0 ? "\u25bc" : "";
  return html`<span class="change">${arrow && html`<span aria-hidden="true">${arrow}</span> `}${change}</span>`;
}

/** An amount, or a dash where nothing has a price. */
export function money(amount: string | null, currency: string): HtmlPart {
  return amount === null
    ? html`<span class="none" title="no price applies">\u2014</span>`
    : formatMoney(amount, currency);
}

/** A name with its id under it, where it has another one. */
export function named(text: string, id: string | null): Html {
  return html`${name(text)}${id && id !== text && html`<small class="id">${id}</small>`}`;
}

/** The sums of amounts by currency, in the order of their first appearance. */
export function sumByCurrency<R extends { currency: string }>(
  rows: readonly R[],
  amountOf: (row: R) => string | null,
): ReadonlyMap<string, string> {
  const sums = new Map<string, string>();
  for (const row of rows) {
    const amount = amountOf(row);
    if (amount !== null) sums.set(row.currency, add(sums.get(row.currency) ?? "0", amount));
  }
  return sums;
}

/** Amounts of several currencies, one a line. */
export function moneyLines(sums: ReadonlyMap<string, string>): HtmlPart {
  if (sums.size === 0) return html`<span class="none">\u2014</span>`;
  return [...sums].map(
    ([currency, amount], i) => html`${i > 0 && html`<br>`}${formatMoney(amount, currency)}`,
  );
}

/** Shows a project by its name alone, or with its id where another project of the rows is called the same. */
export function projectNames(
  rows: readonly { project_id: string; project_name: string }[],
): (row: { project_id: string; project_name: string }) => Html {
  const idsOf = new Map<string, Set<string>>();
  for (const { project_id, project_name } of rows) {
    idsOf.set(project_name, (idsOf.get(project_name) ?? new Set()).add(project_id));
  }
  return ({ project_id, project_name }) =>
    named(project_name, (idsOf.get(project_name)?.size ?? 0) > 1 ? project_id : null);
}

/** A day that stays on one line. */
export function day(date: string): Html {
  return html`<time>${date}</time>`;
}
