import { type Html, html } from "../reports/html.ts";
import { brand, pageOf } from "../reports/page.ts";
import type { Dictionary, DocumentedTable } from "./dictionary.ts";
import { lineagePicture } from "./lineage-picture.ts";

/** The dictionary as one page that needs nothing else. */
export function pageOfDictionary(dictionary: Dictionary): string {
  const { tables, tests, queries, builtAt, version } = dictionary;
  return pageOf({
    title: "Data dictionary",
    description:
      "The tables of analytics.duckdb: what they hold, what they rest on, and how they are tested.",
    className: "dictionary",
    header: html`<div class="masthead"><span class="brand">${brand}tally</span><span class="as-of">built ${builtAt.slice(0, 19)} UTC</span></div>
<h1>Data dictionary</h1>
<p class="summary">The ${tables.length} tables of <code>analytics.duckdb</code>, schema <code>main</code>. Money and hours are decimals and exact; times are UTC, and a date is a UTC day. What is not known is null, never 0.</p>
<nav aria-label="Tables"><ul>${tables.map(({ name }) => html`<li><a href="#${name}"><code>${name}</code></a></li>`)}<li><a href="#tests">Tests</a></li><li><a href="#queries">Example queries</a></li></ul></nav>`,
    main: html`${tables.map(sectionOf)}
<section id="tests"><h2>Tests of several tables</h2>
<p>Each is a query that returns the offending rows; <code>tally test</code> runs them all.</p>
<div class="table-block"><table><thead><tr><th scope="col">Test</th><th scope="col">Severity</th><th scope="col">What it holds</th></tr></thead><tbody>${tests.map(({ name, severity, description }) => html`<tr><th scope="row"><code>${name}</code></th><td>${severity}</td><td>${description}</td></tr>`)}</tbody></table></div></section>
<section id="queries"><h2>Example queries</h2>
<p>Each is run by <code>tally sql @NAME</code>.</p>
${queries.map(({ name, description, sql }) => html`<h3>@${name}</h3>${description && html`<p>${description}</p>`}<pre tabindex="0"><code>${sql.trim()}</code></pre>`)}</section>`,
    footer: html`<p>Written by tally ${version} from the models that made the tables.</p>`,
  });
}

function sectionOf(table: DocumentedTable): Html {
  const { name, description, grain, columns, tests, rowCount, latestDay } = table;
  const picture = lineagePicture(table);
  return html`<section id="${name}"><h2><code>${name}</code></h2>
<p>${description}</p>
<p class="none">One row for each ${grain.map((column, at) => html`${at > 0 && ", "}<code>${column}</code>`)}. ${rowCount} rows${latestDay && html`, with usage up to ${latestDay}`}.</p>
<div class="table-block"><table><thead><tr><th scope="col">Column</th><th scope="col">Meaning</th></tr></thead><tbody>${columns.map((column) => html`<tr><th scope="row"><code>${brokenAtUnderscores(column.name)}</code><small>${column.type}</small></th><td>${column.description}</td></tr>`)}</tbody></table></div>
${tests.length > 0 && html`<details><summary>Tested</summary><ul>${tests.map((claim) => html`<li>${claim}</li>`)}</ul></details>`}
${picture && html`<details open><summary>Lineage</summary><div class="lineage-block" tabindex="0" role="group" aria-label="${`Lineage of ${name}`}">${picture}</div></details>`}
</section>`;
}

/** A name that may go on in the next line behind an underscore, and nowhere else. */
function brokenAtUnderscores(name: string): Html {
  return html`${name.split("_").map((part, at) => html`${at > 0 && html`_<wbr>`}${part}`)}`;
}
