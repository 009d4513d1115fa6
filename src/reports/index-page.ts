import { drawChart } from "./charts/draw.ts";
import { monthsChart } from "./charts/months.ts";
import { changeMark } from "./figures.ts";
import { formatHours, formatMoney } from "./format.ts";
import { freshnessMarkup } from "./freshness.ts";
import { type Html, html } from "./html.ts";
import { instantName, monthName } from "./month.ts";
import type { Overview } from "./overview.ts";
import { brand, pageOf } from "./page.ts";
import { type MonthRow, priceMark, priceWords, type ReportFacts } from "./section.ts";
import { type Column, table } from "./table.ts";
import type { WrittenFolder } from "./written.ts";

interface ListedMonth extends MonthRow {
  isRunning: boolean;
  before: MonthRow | undefined;
  /** Undefined where it was never written; of one with CSVs only, its pages are none. */
  pages: WrittenFolder["pages"] | undefined;
}

/**
 * The page that lists the months, the newest first, with their figures as they are known now, and the weeks.
 *
 * @param written the months and weeks that have a folder
 */
export async function indexPage(
  facts: ReportFacts,
  overview: Overview,
  written: readonly WrittenFolder[],
): Promise<string> {
  const weeks = written.filter(({ name }) => name.includes("W")).reverse();
  const months = listMonths(
    facts,
    new Map(written.filter((each) => !weeks.includes(each)).map((each) => [each.name, each.pages])),
  );
  return pageOf({
    title: "GPU usage and cost by month",
    description: "The monthly reports of GPU usage and cost.",
    header: html`<div class="masthead"><span class="brand">${brand}<span>tally</span></span>
<span class="as-of">Data as of ${instantName(facts.build.built_at)}</span></div>
<h1>GPU usage and cost</h1>`,
    main: html`${freshnessMarkup(overview, facts)}${
      months.length === 0
        ? html`<div class="empty"><h2>There is no usage yet</h2></div>`
        : html`<section class="leads" aria-labelledby="months-title"><h2 id="months-title">Months</h2>
${await figureOf(facts)}
${table(columnsOf(facts), months, { id: "months", caption: "Months", shown: 36 })}</section>
${weeks.length > 0 && weekList(weeks)}`
    }`,
    footer: html`<dl><div><dt>Data built at</dt><dd>${instantName(facts.build.built_at)}</dd></div>
<div><dt>Prices</dt><dd>${facts.build.price_label}, in ${facts.build.currency}</dd></div>
<div><dt>Made by</dt><dd>tally ${facts.build.tally_version}</dd></div></dl>`,
  });
}

/** GPU-hours and cost over the last two years, where there is more than one month to see. */
async function figureOf(facts: ReportFacts): Promise<Html | undefined> {
  const { months, period, build } = facts;
  const shown = months.filter(({ is_known }) => is_known).slice(-24);
  const [first] = shown;
  const last = shown.at(-1);
  if (!first || !last || shown.length < 2) return undefined;
  const running = period.today.startsWith(last.month) ? ", which still runs" : "";
  const hours = `GPU-hours were ${formatHours(first.gpu_hours)} in ${monthName(first.month)} and ${formatHours(last.gpu_hours)} in ${monthName(last.month)}${running}.`;
  const priced = shown.filter(({ cost }) => cost !== null);
  const [firstPriced, lastPriced] = [priced[0], priced.at(-1)];
  const cost =
    priced.length > 1 && firstPriced && lastPriced
      ? ` Cost${priceWords(facts)} was ${formatMoney(firstPriced.cost ?? "0", build.currency)} in ${monthName(firstPriced.month)} and ${formatMoney(lastPriced.cost ?? "0", build.currency)} in ${monthName(lastPriced.month)}.`
      : "";
  const lead = `${hours}${cost} A month without a link has no page yet: tally report --month YYYY-MM writes it.`;
  const barsOf = (
    amountOf: (row: MonthRow) => string | null,
    textOf: (amount: string) => string,
    what: string,
    unit: string,
    limitOf: (row: MonthRow) => string | null = () => null,
  ) =>
    drawChart(
      monthsChart(
        shown.map((row) => {
          const amount = amountOf(row);
          const limit = limitOf(row);
          return {
            month: row.month,
            value: Number(amount ?? 0),
            text: amount === null ? "unpriced" : textOf(amount),
            isRunning: period.today.startsWith(row.month),
            limit: limit === null ? null : { value: Number(limit), text: `budget: ${textOf(limit)}` },
          };
        }),
        { label: `Bars of ${what} by month. ${lead}`, unit },
      ),
    );
  return html`<figure><figcaption class="lead">${lead}</figcaption>${await barsOf(
    (row) => row.gpu_hours,
    (hours) => `${formatHours(hours)} GPU-hours`,
    "GPU-hours",
    "GPU-hours a month",
  )}${
    cost !== "" &&
    shown.some(({ budget }) => budget !== null) &&
    html`<ul class="legend" aria-hidden="true"><li><i class="key bar"></i>Cost</li><li><i class="key alert stroke"></i>Budget</li></ul>`
  }${
    cost !== "" &&
    (await barsOf(
      (row) => row.cost,
      (cost) => formatMoney(cost, build.currency),
      `cost${priceWords(facts)}`,
      `${build.currency} a month${priceWords(facts)}`,
      ({ budget }) => budget,
    ))
  }</figure>`;
}

function weekList(weeks: readonly WrittenFolder[]): Html {
  return html`<section class="leads" aria-labelledby="weeks-title"><h2 id="weeks-title">Weekly digests</h2>
<ul class="links">${weeks.map(({ name, pages }) => html`<li>${pages.length > 0 ? html`<a href="${name}/index.html">${name}</a>` : html`${name} <small>CSV only</small>`}</li>`)}</ul></section>`;
}

function listMonths(
  { months, period }: ReportFacts,
  written: ReadonlyMap<string, WrittenFolder["pages"]>,
): ListedMonth[] {
  const known = new Map(months.map((row) => [row.month, row]));
  const all = [...new Set([...known.keys(), ...written.keys()])].sort();
  return all
    .map((month) => ({
      ...(known.get(month) ?? noFigures(month)),
      isRunning: period.today.startsWith(month),
      before: months.findLast((row) => row.month < month && nextMonth(row.month) === month && row.is_known),
      pages: written.get(month),
    }))
    .reverse();
}

/** A month that has a report and no data any more: it is listed, so that the report can be found. */
function noFigures(month: string): MonthRow {
  return {
    month,
    last_usage_date: null,
    gpu_hours: "0",
    cost: null,
    budget: null,
    has_other_currency: false,
    unpriced_gpu_hours: "0",
    missing_project_days: "0",
    is_known: false,
  };
}

function nextMonth(month: string): string {
  const [year = 0, number = 0] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 7);
}

function columnsOf(facts: ReportFacts): Column<ListedMonth>[] {
  const mark = priceMark(facts);
  const { currency } = facts.build;
  const none = html`<span class="none">n/a</span>`;
  return [
    {
      head: "Month",
      key: ({ month }) => month,
      cell: ({ month, pages, isRunning }) => {
        const [first, ...others] = pages ?? [];
        return html`${first ? html`<a href="${month}/${first.path}">${monthName(month)}</a>` : html`<span class="none">${monthName(month)}</span>`}${isRunning && html` <span class="badge">still running</span>`}${
          others.length > 0 &&
          html`<small>${others.map(({ short, path }, i) => html`${i > 0 && " \u00b7 "}<a href="${month}/${path}">${short}</a>`)}</small>`
        }${pages && !first && html`<small>CSV only, in ${month}/</small>`}`;
      },
    },
    { head: "GPU-hours", isNumber: true, cell: (row) => (row.is_known ? formatHours(row.gpu_hours) : none) },
    {
      head: "Change",
      isNumber: true,
      cell: (row) => (row.isRunning ? none : changeMark(row.gpu_hours, row.before?.gpu_hours ?? null)),
    },
    {
      head: `Cost`,
      mark,
      isNumber: true,
      cell: (row) =>
        row.cost === null
          ? none
          : html`${formatMoney(row.cost, currency)}${row.has_other_currency && html`<small>and other currencies</small>`}`,
    },
    {
      head: "Unpriced GPU-hours",
      isNumber: true,
      cell: (row) => (row.is_known ? formatHours(row.unpriced_gpu_hours) : none),
    },
    {
      head: "Data",
      cell: (row) =>
        !row.is_known
          ? none
          : row.missing_project_days === "0"
            ? html`<span class="none">whole</span>`
            : html`<span class="severity high">gaps</span>`,
    },
  ];
}
