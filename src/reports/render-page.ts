import { drawChart } from "./charts/draw.ts";
import { chartLabel, inSentence } from "./charts/label.ts";
import type { Dataset } from "./dataset.ts";
import { figuresOf } from "./figures.ts";
import { counted } from "./format.ts";
import { type Html, type HtmlPart, html, name } from "./html.ts";
import { addDays, dateName, instantName } from "./month.ts";
import { brand, pageOf } from "./page.ts";
import type { PageDefinition } from "./pages.ts";
import { type Figure, type ReportFacts, type Section, type SectionContent, tableName } from "./section.ts";
import { summaryOf } from "./summary.ts";

/** Where a page lies among the others of its folder. */
export interface PageSurroundings {
  /** From the page to the folder of its period: empty, or `../`. */
  root: string;
  /** The other pages of the folder, by the words that they are listed under. */
  siblings: readonly { short: string; path: string }[];
  /** Pages of other folders that are of the same days, as seen from the folder of the period. */
  related: readonly { short: string; path: string }[];
  /** Whether the CSVs are written beside the page, and can be linked. */
  hasCsv: boolean;
  /** Whether there is a list of all periods over the folder. */
  hasIndex: boolean;
}

/** The page of a definition, of one project's rows where it is of a project. */
export async function renderPage(
  definition: PageDefinition,
  datasets: ReadonlyMap<string, Dataset>,
  facts: ReportFacts,
  surroundings: PageSurroundings,
  project?: string,
): Promise<string> {
  const isEmpty =
    definition.isOfNow !== true && facts.months.every(({ last_usage_date }) => last_usage_date === null);
  const shown = isEmpty ? [] : await viewSections(definition.sections, datasets, facts);
  const summary = isEmpty || !definition.hasSummary ? [] : summaryOf(datasets, facts, definition.isOneSheet);
  const when = whenOf(definition, facts);
  const title = `${definition.title}, ${when}`;
  return pageOf({
    title: project === undefined ? title : `${chartLabel(project, 60)}: ${title}`,
    description: isEmpty ? "No usage has been read yet." : summary.flat().join(" ") || title,
    ...(definition.isOneSheet && { className: "one-sheet" }),
    header: headerOf(definition, shown, facts, surroundings, project),
    main: isEmpty
      ? emptyPage(facts)
      : html`${notices(datasets, facts)}
${summary.map((part) => html`<p class="summary">${part.join(" ")}</p>\n`)}
${await Promise.all(shown.map((part) => sectionMarkup(part, facts, surroundings)))}`,
    footer: footerOf(definition, facts, isEmpty),
  });
}

function whenOf({ isOfNow }: PageDefinition, { period, build }: ReportFacts): string {
  return isOfNow ? `as of ${dateName(build.built_at)}` : period.name;
}

interface Shown {
  section: Section;
  content: SectionContent;
  dataset: Dataset;
}

async function viewSections(
  sections: readonly Section[],
  datasets: ReadonlyMap<string, Dataset>,
  facts: ReportFacts,
): Promise<Shown[]> {
  const shown: Shown[] = [];
  for (const section of sections) {
    const dataset = datasets.get(section.query);
    const content = dataset && (await section.view(dataset, facts, datasets));
    if (content) shown.push({ section, content, dataset });
  }
  return shown;
}

function headerOf(
  definition: PageDefinition,
  shown: readonly Shown[],
  facts: ReportFacts,
  { root, siblings, related, hasIndex }: PageSurroundings,
  project?: string,
): Html {
  const { period, build } = facts;
  const contents = definition.isOneSheet ? [] : shown.filter(({ section }) => section.short !== undefined);
  const others = [
    ...siblings.filter(({ short }) => short !== definition.short || project !== undefined),
    ...related,
    ...(hasIndex ? [{ short: "All months and weeks", path: "../index.html" }] : []),
  ];
  const running = period.isRunning && !definition.isOfNow && html` <span class="badge">still running</span>`;
  const mark = html`${brand}<span>tally</span>`;
  return html`<div class="masthead">${hasIndex ? html`<a class="brand" href="${root}../index.html">${mark}</a>` : html`<span class="brand">${mark}</span>`}
<span class="as-of">Data as of ${instantName(build.built_at)}</span></div>
${others.length > 0 && html`<nav class="pages" aria-label="Pages"><ul>${others.map(({ short, path }) => html`<li><a href="${root}${path}">${short}</a></li>`)}</ul></nav>`}
<h1>${
    project === undefined
      ? html`<span class="kicker">${definition.title}</span> ${capital(whenOf(definition, facts))}`
      : html`<span class="kicker">${definition.title}, ${period.name}</span> ${name(project)}`
  }${running}</h1>
${
  contents.length > 1 &&
  html`<nav aria-label="Contents"><ul>${contents.map(({ section }) => html`<li><a href="#${section.id}">${section.short}</a></li>`)}</ul></nav>`
}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** What a reader must know before any figure: that the month still runs, or that data are missing. */
function notices(datasets: ReadonlyMap<string, Dataset>, { period, confinedTo }: ReportFacts): HtmlPart {
  const confined =
    confinedTo !== null &&
    html`<p class="notice"><b>This report is of a part only:</b> ${inSentence(confinedTo, 240)}. Figures of the whole organisation, such as its forecast, are left out.</p>`;
  const headline = datasets.get("headline");
  if (!headline) return confined;
  const figures = figuresOf(headline.rows as unknown as Figure[]);
  const missing = figures.get("missing_project_days");
  const gaps = (value: string | null) => (value ?? "0").replace(/\..*$/, "");
  const days = counted(gaps(figures.get("missing_days").value), "day");
  return [
    confined,
    period.isRunning &&
      html`<p class="notice"><b>${capital(period.name)} still runs.</b> Its figures grow until it ends; they are compared with ${period.previousName}.</p>`,
    gaps(missing.value) !== "0" &&
      html`<p class="notice alert"><b>Data are missing.</b> On ${days} of ${period.name}, usage of some or all projects could not be read, so totals are too low. <a href="#coverage">See what is missing</a>.</p>`,
    gaps(missing.previous_value) !== "0" &&
      html`<p class="notice alert"><b>The comparison is not like with like.</b> Usage on ${counted(gaps(figures.get("missing_days").previous_value), "day")} of ${period.previousName} could not be read in full.</p>`,
  ];
}

async function sectionMarkup(
  { section, content, dataset }: Shown,
  facts: ReportFacts,
  { hasCsv, root }: PageSurroundings,
): Promise<Html> {
  const { lead, legend, chart, table, isTableFolded, more } = content;
  const isHead = section.id === "headline";
  const csv = `${tableName(section)}.csv`;
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
<div class="sources">${hasCsv && html`<a href="${root}${csv}" download>${csv}</a>`}
<details class="query"><summary>Query</summary><pre tabindex="0"><code>${queryText(dataset, facts)}</code></pre></details></div>
</section>
`;
}

/** The query as it can be run again on analytics.duckdb. */
function queryText({ sql, params }: Dataset, { confinedTo }: ReportFacts): string {
  const settings = Object.entries(params).map(([name, value]) => `-- $${name} = '${value}'`);
  if (confinedTo !== null) settings.push(`-- Over rows of ${confinedTo.replace(/\s+/g, " ")} only.`);
  return [...settings, sql.trimEnd()].join("\n");
}

function emptyPage({ period, build, confinedTo }: ReportFacts): Html {
  if (confinedTo !== null) {
    return html`<div class="empty"><h2>There is no usage of this</h2>
<p>Up to ${instantName(build.built_at)}, no usage was found of what this report is confined to: ${inSentence(confinedTo, 240)}.</p>
<p>If you expected some, look at the filters of its table <code>[[report]]</code> in tally.toml: usage must match all of them.</p></div>`;
  }
  return html`<div class="empty"><h2>There is no usage yet</h2>
<p>Up to ${instantName(build.built_at)}, no usage was found for this organisation, in ${period.name} or before. The first report follows when something has run for a day.</p>
<p>If you expected usage here, see that the access key belongs to the right organisation, and that <code>organization</code> in tally.toml names it.</p></div>`;
}

function footerOf(
  { isOfNow }: PageDefinition,
  { period, build, confinedTo }: ReportFacts,
  isEmpty: boolean,
): Html {
  return html`<h2>How these figures are made</h2>
<p>GPU-hours are the metered quantity where usage is metered in GPU-hours, else instance-hours times the GPUs of that instance type. Cost is usage times the price in force on that day for that project, reservation, region and type; usage without a price has no cost, and is shown in hours. A day is a UTC day. Figures are exact decimals, rounded half away from zero once, where they are shown; CSVs hold them unrounded. Idle resources are as found when the data were built.</p>
<dl>${
    !isOfNow &&
    html`<div><dt>Period</dt><dd>${dateName(period.start)} to ${dateName(addDays(period.end, -1))}</dd></div>
${!isEmpty && html`<div><dt>Compared with</dt><dd>${period.previousName}</dd></div>`}`
  }
${confinedTo !== null && html`<div><dt>Confined to</dt><dd>${name(confinedTo)}</dd></div>`}
<div><dt>Data built at</dt><dd>${instantName(build.built_at)}</dd></div>
<div><dt>Prices</dt><dd>${build.price_label}, in ${build.currency}</dd></div>
<div><dt>Made by</dt><dd>tally ${build.tally_version}</dd></div></dl>`;
}
