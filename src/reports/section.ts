import type { Chart } from "./charts/draw.ts";
import type { Dataset } from "./dataset.ts";
import { type Html, type HtmlPart, html } from "./html.ts";
import type { Period } from "./month.ts";
import type { ColourName } from "./theme.ts";

/** The one row of meta_build: what the data are, and as of when. */
export interface BuildFacts {
  built_at: string;
  today: string;
  price_label: string;
  currency: string;
  tally_version: string;
}

export interface MonthRow {
  month: string;
  last_usage_date: string | null;
  gpu_hours: string;
  cost: string | null;
  /** In the reporting currency; null where there is none. */
  budget: string | null;
  has_other_currency: boolean;
  unpriced_gpu_hours: string;
  missing_project_days: string;
  /** Whether anything was read in it: a month of failures only is none to compare with. */
  is_known: boolean;
}

/** One of the report's headline figures; exact decimals, null where not known. */
export interface Figure {
  figure: string;
  unit: string;
  value: string | null;
  previous_value: string | null;
  change: string | null;
}

/** What every section may need to know beside its own rows. */
export interface ReportFacts {
  period: Period;
  build: BuildFacts;
  /** Every month with data, the oldest first. */
  months: readonly MonthRow[];
  colours: ReadonlyMap<string, ColourName>;
  /** What the report is confined to, in words; null where it is of everything. */
  confinedTo: string | null;
  /** The addresses of the projects' pages, as seen from the page that is made; those without one are left out. */
  projectPages: ReadonlyMap<string, string>;
}

/** What a section shows. Parts that are absent are left out. */
export interface SectionContent {
  /** Sentences computed from the data, which say what the chart and the table show. */
  lead: HtmlPart;
  legend?: Html;
  chart?: Chart;
  table?: Html;
  /** Where the table says the same as the chart in full length, it is folded under it. */
  isTableFolded?: boolean;
  more?: Html;
}

/** One part of a report: one query of sql/reports, and one function from its rows to what is shown. */
export interface Section {
  /** The anchor on the page. */
  id: string;
  title: string;
  /** The word for it in the page's contents; sections without one follow on the section before. */
  short?: string;
  query: string;
  /** Null where there is nothing worth a place on the page; the CSV is written all the same. */
  view: (dataset: Dataset, facts: ReportFacts, others: Others) => Promise<SectionContent | null>;
}

/** The rows of the other sections of the page, by their queries. */
export type Others = ReadonlyMap<string, Dataset>;

/** A section whose rows have a type: that of the columns of its query. */
export function defineSection<R extends object>(
  section: Omit<Section, "view"> & {
    view: (
      rows: readonly R[],
      facts: ReportFacts,
      others: Others,
    ) => Promise<SectionContent | null> | SectionContent | null;
  },
): Section {
  return {
    ...section,
    view: async ({ rows }, facts, others) =>
      section.view(rows as readonly unknown[] as readonly R[], facts, others),
  };
}

/** Whether there is a period before to compare with. */
export function hasPeriodBefore({ period, months }: ReportFacts): boolean {
  return months.some(({ month, is_known }) => is_known && period.previousStart.startsWith(month));
}

/** The name of a query's rows in files, without its ending: sections of one query share them. */
export const tableName = ({ query }: Pick<Section, "query">) => query.replaceAll("_", "-");

/** The label of the prices, wherever a price or a cost shows; nothing where they are the user's own file. */
export function priceMark({ build }: ReportFacts): HtmlPart {
  return isOwnPrices(build) ? null : html` <span class="mark">${build.price_label}</span>`;
}

/** The same within a sentence: `at sample prices`. */
export function priceWords({ build }: ReportFacts): string {
  return isOwnPrices(build) ? "" : ` (${build.price_label})`;
}

function isOwnPrices({ price_label }: BuildFacts): boolean {
  return price_label === "prices.csv";
}
