import { shownNumber } from "./format.ts";
import { type Html, type HtmlPart, html } from "./html.ts";

/** A column of a table: its head, and what a row shows in it. */
export interface Column<R> {
  head: string;
  /** Beside the head, such as the label of the prices. */
  mark?: HtmlPart;
  /** Numbers stand to the right, with figures of one width. */
  isNumber?: boolean;
  /** Sentences rather than a word: takes the whole width of a card on a small screen. */
  isText?: boolean;
  cell: (row: R) => HtmlPart;
  /** The same in fewer words, for the rows beyond `TableOptions.whole`. */
  brief?: (row: R) => HtmlPart;
  /**
   * What the row sorts by, exact: a decimal number, or a text such as an ISO date; null, which is sorted last,
   * where it is not known. By default what the cell shows.
   */
  key?: (row: R) => string | number | null;
  /** The cell of the row of totals. */
  total?: HtmlPart;
}

export interface TableOptions {
  /** What the table holds; its accessible name. */
  caption: string;
  /** Unique on the page. */
  id: string;
  /** Rows that show at once; the others show when asked for, and in print. */
  shown?: number;
  /** Rows that are told in full; of thousands, those after them are told in brief, so that a page stays light. */
  whole?: number;
  /** A table of many narrow columns scrolls on a small screen; others become cards there. */
  isWide?: boolean;
}

/**
 * A table that reads well at any width, with or without its later rows. It is whole without a script; with one,
 * client/tables.js lets it be sorted and filtered.
 */
export function table<R>(columns: readonly Column<R>[], rows: readonly R[], options: TableOptions): Html {
  const { caption, id, shown = 15, whole = Number.POSITIVE_INFINITY, isWide = false } = options;
  const limit = rows.length <= shown + 3 ? rows.length : shown;
  const total = columns.some((column) => column.total !== undefined);
  return html`<div class="table-block">
${rows.length > limit && moreSwitch(id, rows.length)}
<div class="${isWide ? "table wide-table" : "table cards"}" role="group" aria-label="${caption}"${isWide && html` tabindex="0"`}>
<table>
<caption class="unseen">${caption}</caption>
<thead><tr>${columns.map(headCell)}</tr></thead>
<tbody>${rows.slice(0, limit).map((row, i) => bodyRow(columns, row, i >= whole))}</tbody>
${rows.length > limit && html`<tbody class="tail">${rows.slice(limit).map((row, i) => bodyRow(columns, row, limit + i >= whole))}</tbody>`}
${total && html`<tfoot>${totalRow(columns)}</tfoot>`}
</table>
</div>
</div>`;
}

// A checkbox before the table: it shows the tail by CSS alone.
function moreSwitch(id: string, count: number): Html {
  return html`<input class="more unseen" type="checkbox" id="${id}-all"><label class="more" for="${id}-all">Show all ${count} rows</label>`;
}

function headCell<R>({ head, mark, isNumber }: Column<R>): Html {
  return html`<th scope="col"${isNumber && html` class="n"`}><span class="head">${unbroken(head)}</span>${mark}</th>`;
}

/** A head breaks between its words only, never at a hyphen. */
function unbroken(head: string): HtmlPart {
  return head
    .split(/(\S+-\S+)/)
    .map((part, i) => (i % 2 === 1 ? html`<span class="nowrap">${part}</span>` : part));
}

function bodyRow<R>(columns: readonly Column<R>[], row: R, isBrief: boolean): Html {
  return html`<tr>${columns.map((column, i) => {
    const content = (isBrief && column.brief ? column.brief : column.cell)(row);
    const key = sortKey(column, row, content);
    return i === 0
      ? html`<th scope="row"${column.isNumber && html` class="n"`}${key}>${content}</th>`
      : html`<td${cellClass(column)}${key}${!isBrief && html` data-label="${column.head}"`}>${content}</td>`;
  })}</tr>
`;
}

/** What the cell sorts by, where that is not the text it shows. */
function sortKey<R>({ key, isNumber }: Column<R>, row: R, content: HtmlPart): HtmlPart {
  if (key) {
    const value = key(row);
    return html` data-key="${typeof value === "number" ? plainNumber(value) : value}"`;
  }
  const number = isNumber ? shownNumber(firstLine(content)) : null;
  return number !== null && html` data-key="${number}"`;
}

/** A number without an exponent. */
function plainNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(12);
}

/** The text of a cell, but for the small print under it. */
function firstLine(content: HtmlPart): string {
  return html`${content}`.markup.replace(/<(?:small|br)\b.*$/s, "").replace(/<[^>]*>/g, "");
}

function cellClass<R>({ isNumber, isText }: Column<R>): HtmlPart {
  return isNumber ? html` class="n"` : isText && html` class="full"`;
}

function totalRow<R>(columns: readonly Column<R>[]): Html {
  return html`<tr>${columns.map((column, i) =>
    i === 0
      ? html`<th scope="row">${column.total}</th>`
      : html`<td${column.isNumber && html` class="n"`} data-label="${column.head}">${column.total}</td>`,
  )}</tr>`;
}
