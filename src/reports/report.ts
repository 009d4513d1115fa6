import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";
import type { Effects } from "../effects.ts";
import { ConfigError } from "../errors/config-error.ts";
import { TallyError } from "../errors/tally-error.ts";
import type { ReportFormat } from "../report-settings.ts";
import { openReadOnly, type Params, type Warehouse } from "../warehouse.ts";
import type { Workspace } from "../workspace.ts";
import { findBrowser } from "./browser.ts";
import { type Dataset, isoInstant, readDataset } from "./dataset.ts";
import { findingsFeed } from "./findings-feed.ts";
import type { DataTable } from "./formats/format.ts";
import { pdfsOf } from "./formats/pdf.ts";
import { tableFormats } from "./formats.ts";
import { indexPage } from "./index-page.ts";
import { withLocale } from "./locale.ts";
import { chooseMonth, isoDate, type Period } from "./month.ts";
import { monthPage } from "./month-page.ts";
import { type Overview, readOverview } from "./overview.ts";
import type { BuildFacts, MonthRow, ReportFacts } from "./section.ts";
import { monthlySections } from "./sections.ts";
import { gpuColours } from "./theme.ts";
import { replaceFile, replaceFolder } from "./write.ts";

export interface ReportContext {
  effects: Effects;
  workspace: Workspace;
  config: Config;
}

export interface ReportOptions {
  /** YYYY-MM; by default the last complete month that holds data. */
  month?: string;
  /** What to write; by default what the settings name. */
  formats?: readonly ReportFormat[];
  /** The file of published tables to read; by default analytics.duckdb. */
  analytics?: string;
  /**
   * What follows the month in the folder's name, for a report that stands beside the month's own, such as
   * that of what was known at an instant. Such a report is in no index.
   */
  suffix?: string;
}

/**
 * Writes the report of a month from analytics.duckdb alone, by one replacement of its folder, and then
 * reports/index.html, which lists the months, and findings.json, which lists what is idle. The same data and the same clock give the same bytes.
 *
 * @returns the month, and the path of its page; of its folder where no page was asked for
 * @throws ConfigError where nothing is published yet, or a PDF is asked for and there is no browser
 * @throws UsageError where there are no data for that month
 *
 * @example
 * const { page } = await renderReport({ effects, workspace, config }, { month: "2026-09" });
 */
export async function renderReport(
  { effects, workspace, config }: ReportContext,
  options: ReportOptions = {},
): Promise<{ month: string; page: string }> {
  const formats = new Set(options.formats ?? config.reports.formats);
  // Looked for first: where there is none, nothing is reckoned in vain.
  const browser = formats.has("pdf") ? findBrowser(effects) : undefined;
  const source = { ...workspace, analytics: options.analytics ?? workspace.analytics };
  const { facts, datasets, overview } = await readReport(
    { effects, workspace: source, config },
    options.month,
  );
  const { month } = facts.period;
  const files = new Map<string, string | Uint8Array>();
  const pages = new Map<string, string>();
  if (formats.has("html") || formats.has("pdf")) {
    const page = () => monthPage(datasets, facts, { hasCsv: formats.has("csv") });
    pages.set("index.html", await withLocale(config.reports.locale, page));
  }
  if (formats.has("html")) for (const [path, page] of pages) files.set(path, page);
  if (browser !== undefined) {
    const options = { browser, paper: config.reports.paper, madeAt: isoInstant(facts.build.built_at) };
    for (const [path, pdf] of await pdfsOf(pages, effects, options)) files.set(path, pdf);
  }
  const tables = tablesOf(datasets);
  for (const format of tableFormats.filter(({ name }) => formats.has(name))) {
    const context = { facts, config };
    for (const [path, content] of await format.filesOf(tables, context)) files.set(path, content);
  }
  const folder = await replaceFolder(workspace.reports, month + (options.suffix ?? ""), files);
  if (options.suffix === undefined) {
    const written = await writtenMonths(workspace.reports);
    await replaceFile(
      join(workspace.reports, "index.html"),
      await withLocale(config.reports.locale, () => indexPage(facts, overview, written)),
    );
    await replaceFile(join(workspace.reports, "findings.json"), findingsFeed(overview, facts.build));
  }
  return { month, page: formats.has("html") ? join(folder, "index.html") : folder };
}

function tablesOf(datasets: ReadonlyMap<string, Dataset>): DataTable[] {
  return monthlySections.flatMap(({ id, title, query }) => {
    const dataset = datasets.get(query);
    return dataset ? [{ id, title, dataset }] : [];
  });
}

async function readReport(
  { effects, workspace, config }: ReportContext,
  named: string | undefined,
): Promise<{ facts: ReportFacts; datasets: ReadonlyMap<string, Dataset>; overview: Overview }> {
  if (!existsSync(workspace.analytics)) {
    throw new ConfigError(`Nothing is published yet: there is no ${workspace.analytics}.`, {
      hint: `Make it with \`tally run --workspace ${workspace.root}\`.`,
    });
  }
  const analytics = await openReadOnly(workspace.analytics, config.warehouse);
  try {
    const now = effects.now();
    const build = await readBuild(analytics);
    const months = (await readDataset(analytics, "months", { today: isoDate(now) }))
      .rows as unknown as MonthRow[];
    const types = (await readDataset(analytics, "gpu_types", {})).rows as unknown as { gpu_type: string }[];
    const period = chooseMonth(months, now, named);
    const params = paramsOf(period);
    const datasets = new Map<string, Dataset>();
    for (const { query } of monthlySections) {
      datasets.set(query, await readDataset(analytics, query, params));
    }
    return {
      facts: { period, build, months, colours: gpuColours(types.map(({ gpu_type }) => gpu_type)) },
      datasets,
      overview: await readOverview(analytics, isoDate(now)),
    };
  } finally {
    analytics.close();
  }
}

async function readBuild(analytics: Warehouse): Promise<BuildFacts> {
  const build = await analytics.first<BuildFacts>(
    "select built_at, today, price_label, currency, tally_version from meta_build",
  );
  if (!build) {
    throw new TallyError(`${analytics.path} does not say when it was built: its table meta_build is empty.`, {
      hint: "Build it anew with `tally build`.",
    });
  }
  return build;
}

function paramsOf({ monthStart, monthEnd, previousStart, previousEnd, today }: Period): Params {
  return {
    month_start: monthStart,
    month_end: monthEnd,
    previous_start: previousStart,
    previous_end: previousEnd,
    today,
  };
}

/** The months that have a folder in reports/, each with whether it has a page. */
async function writtenMonths(reports: string): Promise<ReadonlyMap<string, boolean>> {
  const names = (await readdir(reports)).filter((name) => /^\d{4}-\d\d$/.test(name)).sort();
  return new Map(names.map((name) => [name, existsSync(join(reports, name, "index.html"))]));
}
