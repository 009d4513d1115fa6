import { join, resolve } from "node:path";
import type { Effects } from "../effects.ts";
import { openPublished, type PublishedContext, readingPublished } from "../open-published.ts";
import type { ReportSelection } from "../report-selections.ts";
import type { ReportFormat } from "../report-settings.ts";
import type { Warehouse } from "../warehouse.ts";
import { findBrowser } from "./browser.ts";
import { withViews } from "./charts/views.ts";
import { confine } from "./confine.ts";
import { type Dataset, isoInstant } from "./dataset.ts";
import { findingsFeed } from "./findings-feed.ts";
import { type Folder, makePages, monthsBeside } from "./folder.ts";
import type { DataTable } from "./formats/format.ts";
import { pdfsOf } from "./formats/pdf.ts";
import { tableFormats } from "./formats.ts";
import { indexPage } from "./index-page.ts";
import { withLocale } from "./locale.ts";
import { isoDate } from "./month.ts";
import { type Overview, readOverview } from "./overview.ts";
import { type PageDefinition, pageDefinitions } from "./pages.ts";
import {
  type GeneralFacts,
  type NamedPeriods,
  periodsOf,
  readDatasets,
  readGeneralFacts,
} from "./read-report.ts";
import { type ReportFacts, tableName } from "./section.ts";
import { replaceFile, replaceFolder } from "./write.ts";
import { writtenFolders } from "./written.ts";

export interface ReportContext extends PublishedContext {
  effects: Effects;
}

/** Without a month and a week: the last month that is over and holds data, and the last week that is over. */
export interface ReportOptions extends NamedPeriods {
  /** What to write; by default what the settings name. */
  formats?: readonly ReportFormat[];
  /** The file of published tables to read; by default analytics.duckdb. */
  analytics?: string;
  /**
   * What follows the period in the folder's name, for a report that stands beside the period's own, such as
   * that of what was known at an instant. Such a report is in no index.
   */
  suffix?: string;
}

export interface RenderedReport {
  /** The month, or the week where only a week was asked for. */
  month: string;
  /** The page to open first; the folder where no page was asked for. */
  page: string;
  /** That of every report that tally.toml names. */
  pages: readonly string[];
}

/**
 * Writes the reports that the settings name, from the published tables alone: each folder by one replacement, once
 * all of them are made, and then the list of periods over them and the feed of what is idle. The same data and the same clock give the
 * same bytes.
 *
 * @throws ConfigError where nothing is published yet, a report is of what nothing is known of, or a PDF is asked
 *   for and there is no browser
 * @throws UsageError where there are no data for that month, or no such week
 *
 * @example
 * const { page } = await renderReport({ effects, workspace, config }, { month: "2026-09" });
 */
export async function renderReport(
  context: ReportContext,
  options: ReportOptions = {},
): Promise<RenderedReport> {
  const { workspace, config } = context;
  const analytics = await openPublished(context, options.analytics);
  const made: {
    folders: Folder[];
    general: GeneralFacts;
    overview: Overview;
    periods: ReturnType<typeof periodsOf>;
  }[] = [];
  try {
    for (const selection of config.reportSelections) {
      made.push(
        await readingPublished(analytics, workspace, () =>
          makeReport(analytics, selection, context, options),
        ),
      );
    }
  } finally {
    analytics.close();
  }
  const pages: string[] = [];
  for (const { folders, general, overview, periods } of made) {
    const written: string[] = [];
    for (const { root, name, files, first } of folders) {
      const folder = await replaceFolder(root, name, files);
      written.push(first === undefined ? folder : join(folder, first));
    }
    pages.push(...written.slice(0, 1));
    const [folder] = folders;
    const period = periods.month ?? periods.week;
    if (options.suffix === undefined && folder && period) {
      const facts = { ...general, period, projectPages: new Map() };
      const there = await writtenFolders(folder.root);
      const index = await withLocale(config.reports.locale, () => indexPage(facts, overview, there));
      await replaceFile(join(folder.root, "index.html"), index);
      await replaceFile(join(folder.root, "findings.json"), findingsFeed(overview, general.build));
    }
  }
  const [first] = made;
  return {
    month: (first?.periods.month ?? first?.periods.week)?.key ?? "",
    page: pages[0] ?? workspace.reports,
    pages,
  };
}

/** Makes the folders of one report in memory. */
async function makeReport(
  analytics: Warehouse,
  selection: ReportSelection,
  { effects, workspace, config }: ReportContext,
  options: ReportOptions,
) {
  const formats = new Set(options.formats ?? selection.formats ?? config.reports.formats);
  // Looked for first: where there is none, nothing is reckoned in vain.
  const browser = formats.has("pdf") ? findBrowser(effects) : undefined;
  const connection = await analytics.connect();
  try {
    const confinedTo = await confine(connection, selection.filter, selection.name);
    const now = effects.now();
    const general = await readGeneralFacts(connection, now, confinedTo);
    const periods = periodsOf(options, general, now);
    const folders: Folder[] = [];
    for (const period of [periods.month, periods.week]) {
      const definitions = pageDefinitions.filter(
        (page) => page.period === period?.kind && selection.pages.has(page.name),
      );
      if (!period || definitions.length === 0) continue;
      const datasets = await readDatasets(connection, definitions, period);
      const folder: Folder = {
        root: resolve(workspace.root, selection.folder),
        name: period.key + (options.suffix ?? ""),
        files: new Map(),
        first: undefined,
      };
      const pages =
        formats.has("html") || browser !== undefined
          ? await withLocale(config.reports.locale, () =>
              withViews(() =>
                makePages(definitions, datasets, general, period, {
                  hasCsv: formats.has("csv"),
                  hasIndex: options.suffix === undefined,
                  related: monthsBeside(folder, period, folders),
                }),
              ),
            )
          : new Map<string, string>();
      if (formats.has("html")) {
        for (const [file, page] of pages) folder.files.set(file, page);
        folder.first = [...pages.keys()][0];
      }
      if (browser !== undefined) {
        const settings = {
          browser,
          paper: config.reports.paper,
          madeAt: isoInstant(general.build.built_at),
          limitMs: 60_000 + 2_000 * pages.size,
        };
        for (const [file, pdf] of await pdfsOf(pages, effects, settings)) folder.files.set(file, pdf);
      }
      const facts: ReportFacts = { ...general, period, projectPages: new Map() };
      const tables = tablesOf(definitions, datasets);
      for (const format of tableFormats.filter(({ name }) => formats.has(name))) {
        const context = { facts, config };
        for (const [file, content] of await format.filesOf(tables, context)) folder.files.set(file, content);
      }
      folders.push(folder);
    }
    return { folders, general, overview: await readOverview(connection, isoDate(now)), periods };
  } finally {
    connection.close();
  }
}

/** The rows of the sections, those that several pages show once. */
function tablesOf(
  definitions: readonly PageDefinition[],
  datasets: ReadonlyMap<string, Dataset>,
): DataTable[] {
  const tables = new Map<string, DataTable>();
  for (const section of definitions.flatMap(({ sections }) => sections)) {
    const dataset = datasets.get(section.query);
    const id = tableName(section);
    if (dataset && !tables.has(id)) tables.set(id, { id, title: section.title, dataset });
  }
  return [...tables.values()];
}
