import { drawChart } from "./charts/draw.ts";
import type { Dataset } from "./dataset.ts";
import { figuresOf } from "./figures.ts";
import { counted } from "./format.ts";
import { type Html, type HtmlPart, html } from "./html.ts";
import { dateName, instantName } from "./month.ts";
import { brand, pageOf } from "./page.ts";
import { csvName, type Figure, type ReportFacts, type Section, type SectionContent } from "./section.ts";
import { monthlySections } from "./sections.ts";
import { summaryOf } from "./summary.ts";

interface PageOptions {
  /** Whether the CSVs are written beside the page, and can be linked. */
  hasCsv: boolean;
}

/** The page of one month. */
export async function monthPage(
  datasets: ReadonlyMap<string, Dataset>,
  facts: ReportFacts,
  options: PageOptions,
): Promise<string> {
  const { period } = facts;
  const isEmpty = facts.months.every(({ last_usage_date }) => last_usage_date === null);
  const shown = isEmpty ? [] : await viewSections(datasets, facts);
  const summary = isEmpty ? [] : summaryOf(datasets, facts);
  return pageOf({
    title: `GPU usage and cost, ${period.name}`,
    description: summary.join(" ") || `No usage has been read yet.`,
    header: headerOf(shown, facts),
    main: isEmpty
      ? emptyPage(facts)
      : html`${notices(datasets, facts)}
<p class="summary">${summary.join(" ")}</p>
${await Promise.all(shown.map((part) => sectionMarkup(part, options)))}`,
    footer: footerOf(facts, isEmpty),
  });
}

interface Shown {
  section: Section;
  content: SectionContent;
  dataset: Dataset;
}

async function viewSections(datasets: ReadonlyMap<string, Dataset>, facts: ReportFacts): Promise<Shown[]> {
  const shown: Shown[] = [];
  for (const section of monthlySections) {
    const dataset = datasets.get(section.query);
    const content = dataset && (await section.view(dataset, facts));
    if (content) shown.push({ section, content, dataset });
  }
  return shown;
}

function headerOf(shown: readonly Shown[], { period, build }: ReportFacts): Html {
  const contents = shown.filter(({ section }) => section.short !== undefined);
  return html`<div class="masthead"><a class="brand" href="../index.html">${brand}<span>tally</span></a>
<span class="as-of">Data as of ${instantName(build.built_at)}</span></div>
<h1><span class="kicker">GPU usage and cost</span> ${period.name}${period.isRunning && html` <span class="badge">still running</span>`}</h1>
${
  contents.length > 0 &&
  html`<nav aria-label="Contents"><ul>${contents.map(({ section }) => html`<li><a href="#${section.id}">${section.short}</a></li>`)}</ul></nav>`
}`;
}

/** What a reader must know before any figure: that the month still runs, or that data are missing. */
function notices(datasets: ReadonlyMap<string, Dataset>, { period }: ReportFacts): HtmlPart {
  const figures = figuresOf((datasets.get("headline")?.rows ?? []) as unknown as Figure[]);
  const missing = figures.get("missing_project_days");
  const gaps = (value: string | null) => (value ?? "0").replace(/\..*$/, "");
  const days = counted(gaps(figures.get("missing_days").value), "day");
  return [
    period.isRunning &&
      html`<p class="notice"><b>${period.name} still runs.</b> Its figures grow until it ends; they are compared with ${period.previousName}.</p>`,
    gaps(missing.value) !== "0" &&
      html`<p class="notice alert"><b>Data are missing.</b> On ${days} of ${period.name}, usage of some or all projects could not be read, so totals are too low. <a href="#coverage">See what is missing</a>.</p>`,
    gaps(missing.previous_value) !== "0" &&
      html`<p class="notice alert"><b>The comparison is not like with like.</b> Usage on ${counted(gaps(figures.get("missing_days").previous_value), "day")} of ${period.previousName} could not be read in full.</p>`,
  ];
}

async function sectionMarkup({ section, content, dataset }: Shown, { hasCsv }: PageOptions): Promise<Html> {
  const { lead, legend, chart, table, isTableFolded, more } = content;
  const isHead = section.id === "headline";
  const drawn = chart && (await drawChart(chart));
  const folded =
    drawn && table
      ? html`<details class="data"${!isTableFolded && html` open`}><summary>Data table</summary>${table}</details>`
      : table;
  return html`<section id="${section.id}" class="${section.short === undefined ? "follows" : "leads"}" aria-labelledby="${section.id}-title">
<h2 id="${section.id}-title"${isHead && html` class="unseen"`}>${section.title}</h2>
${lead && !drawn && html`<p class="lead">${lead}</p>`}
${drawn && html`<figure><figcaption class="lead">${lead}</figcaption>${legend}${drawn}</figure>`}
${folded}
${more}
<div class="sources">${hasCsv && html`<a href="${csvName(section)}" download>${csvName(section)}</a>`}
<details class="query"><summary>Query</summary><pre tabindex="0"><code>${queryText(dataset)}</code></pre></details></div>
</section>
`;
}

/** The query as it can be run again on analytics.duckdb. */
function queryText({ sql, params }: Dataset): string {
  const settings = Object.entries(params).map(([name, value]) => `-- $${name} = '${value}'`);
  return [...settings, sql.trimEnd()].join("\n");
}

function emptyPage({ period, build }: ReportFacts): Html {
  return html`<div class="empty"><h2>There is no usage yet</h2>
<p>Up to ${instantName(build.built_at)}, no usage was found for this organisation, in ${period.name} or before. The first report follows when something has run for a day.</p>
<p>If you expected usage here, see that the access key belongs to the right organisation, and that <code>organization</code> in tally.toml names it.</p></div>`;
}

function footerOf({ period, build }: ReportFacts, isEmpty: boolean): Html {
  return html`<h2>How these figures are made</h2>
<p>GPU-hours are the metered quantity where usage is metered in GPU-hours, else instance-hours times the GPUs of that instance type. Cost is usage times the price in force on that day for that project, reservation, region and type; usage without a price has no cost, and is shown in hours. A day is a UTC day. Figures are exact decimals, rounded half away from zero once, where they are shown; CSVs hold them unrounded. Idle resources are as found when the data were built.</p>
<dl><div><dt>Period</dt><dd>${dateName(period.monthStart)} to ${dateName(lastDay(period.monthEnd))}</dd></div>
${!isEmpty && html`<div><dt>Compared with</dt><dd>${period.previousName}</dd></div>`}
<div><dt>Data built at</dt><dd>${instantName(build.built_at)}</dd></div>
<div><dt>Prices</dt><dd>${build.price_label}, in ${build.currency}</dd></div>
<div><dt>Made by</dt><dd>tally ${build.tally_version}</dd></div></dl>`;
}

function lastDay(end: string): string {
  return new Date(Date.parse(end) - 86_400_000).toISOString().slice(0, 10);
}
