import type { TallyError } from "../errors/tally-error.ts";
import { paramNames } from "../query/params.ts";
import type { SavedQuery } from "../query/saved.ts";
import { counted } from "../reports/format.ts";
import { type Html, html } from "../reports/html.ts";
import { type Column, table } from "../reports/table.ts";
import type { Params } from "../warehouse.ts";
import { appPage, failure, form } from "./layout.ts";
import type { ShownResult } from "./result.ts";

export interface SqlPage {
  formToken: string;
  sql: string;
  params: Params;
  saved: readonly SavedQuery[];
  /** What came of it; none where nothing ran yet. */
  outcome?: { result: ShownResult; chart: Html | null; elapsedMs: number } | { error: TallyError };
}

/** A query, what came of it as a chart and a table, and the queries that have a name. */
export function sqlPage({ formToken, sql, params, saved, outcome }: SqlPage): string {
  const names = [...new Set([...paramNames(sql), ...Object.keys(params)])];
  return appPage({
    title: "SQL",
    path: "/sql",
    main: html`<p class="lead">Queries read the published tables and can change nothing. <a href="/dictionary">The dictionary</a> tells what each table and column holds.</p>
${form(
  { action: "/sql", formToken, className: "sql" },
  html`<label for="query">Query</label>
<textarea id="query" name="sql" rows="8" spellcheck="false" autocapitalize="off" autocomplete="off" required>
${sql}</textarea>
${names.length > 0 && html`<div class="fields">${names.map((each) => html`<label>$${each} <input name="param.${each}" value="${String(params[each] ?? "")}" autocomplete="off"></label>`)}</div>`}
<div class="actions"><button class="run">Run</button><button formaction="/sql.csv">Download CSV</button><span>Ctrl+Enter runs it.</span></div>
`,
)}
${outcome && outcomeMarkup(outcome)}
${
  saved.length > 0 &&
  html`<section aria-labelledby="saved"><h2 id="saved">Saved queries</h2>
<ul class="saved">${saved.map(({ name, description }) => html`<li><a href="/sql?saved=${encodeURIComponent(name)}">@${name}</a>${description && html` <span>${description}</span>`}</li>`)}</ul></section>`
}`,
  });
}

function outcomeMarkup(outcome: NonNullable<SqlPage["outcome"]>): Html {
  if ("error" in outcome) return failure("The query can't be run.", outcome.error.message);
  const { result, chart, elapsedMs } = outcome;
  const { columns, rows, isWhole } = result;
  const count = isWhole
    ? counted(rows.length, "row")
    : `The first ${counted(rows.length, "row")} of more; the CSV has them all`;
  return html`<section class="result" aria-labelledby="result"><h2 id="result">Result</h2>
<p class="count" role="status">${count}. Took ${(elapsedMs / 1000).toFixed(2)} s.</p>
${chart}
${columns.length > 0 && table(columns.map(shownColumn), rows, { caption: "The rows of the query", id: "rows", shown: rows.length, isWide: true })}
</section>`;
}

function shownColumn(
  { name, type, isNumber }: ShownResult["columns"][number],
  at: number,
): Column<readonly (string | null)[]> {
  return {
    head: name,
    mark: html`<span class="type">${type.toLowerCase()}</span>`,
    isNumber,
    cell: (row) => row[at] ?? html`<span class="none">null</span>`,
    key: (row) => {
      const value = row[at] ?? null;
      return isNumber && value !== null && !/^-?\d+(\.\d+)?$/.test(value) ? plainNumber(value) : value;
    },
  };
}

/** A double with an exponent, as it can be sorted by. */
function plainNumber(text: string): number | null {
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
