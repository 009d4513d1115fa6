import { TallyError } from "../errors/tally-error.ts";
import type { Params, Warehouse } from "../warehouse.ts";
import { type Dataset, readDataset } from "./dataset.ts";
import { chooseMonth, isoDate, type Period } from "./month.ts";
import type { PageDefinition } from "./pages.ts";
import type { BuildFacts, MonthRow } from "./section.ts";
import { gpuColours } from "./theme.ts";
import { lastWeek, weekPeriod } from "./week.ts";

/** What is known beside the rows of any one period. */
export interface GeneralFacts {
  build: BuildFacts;
  months: readonly MonthRow[];
  colours: ReturnType<typeof gpuColours>;
  confinedTo: string | null;
}

/** Which periods a report is of. */
export interface NamedPeriods {
  /** YYYY-MM */
  month?: string | undefined;
  /** YYYY-Www */
  week?: string | undefined;
}

export async function readGeneralFacts(
  analytics: Warehouse,
  now: Date,
  confinedTo: string | null,
): Promise<GeneralFacts> {
  const build = await readBuild(analytics);
  const months = (await readDataset(analytics, "months", { today: isoDate(now) }))
    .rows as unknown as MonthRow[];
  const types = (await readDataset(analytics, "gpu_types", {})).rows as unknown as { gpu_type: string }[];
  return { build, months, colours: gpuColours(types.map(({ gpu_type }) => gpu_type)), confinedTo };
}

/**
 * The month and the week to report on: those that are named; where none is, the last month that is over and
 * holds data, and the last week that is over.
 */
export function periodsOf(
  { month, week }: NamedPeriods,
  { months }: GeneralFacts,
  now: Date,
): { month: Period | null; week: Period | null } {
  const isDefault = month === undefined && week === undefined;
  return {
    month: isDefault || month !== undefined ? chooseMonth(months, now, month) : null,
    week: isDefault || week !== undefined ? weekPeriod(week ?? lastWeek(now), now) : null,
  };
}

/** The rows of every section of the pages, each query read once. */
export async function readDatasets(
  analytics: Warehouse,
  definitions: readonly PageDefinition[],
  period: Period,
): Promise<ReadonlyMap<string, Dataset>> {
  const params = paramsOf(period);
  const datasets = new Map<string, Dataset>();
  for (const { query } of definitions.flatMap(({ sections }) => sections)) {
    if (!datasets.has(query)) datasets.set(query, await readDataset(analytics, query, params));
  }
  return datasets;
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

function paramsOf({ start, end, previousStart, previousEnd, today }: Period): Params {
  return {
    period_start: start,
    period_end: end,
    previous_start: previousStart,
    previous_end: previousEnd,
    today,
  };
}
