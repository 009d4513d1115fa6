import { isAbsolute, normalize } from "node:path";
import { z } from "zod";
import { ConfigError } from "./errors/config-error.ts";
import { type ReportFormat, reportFormats } from "./report-settings.ts";
import { slugOf } from "./slug.ts";

/** The pages that a report can have. */
export const pageNames = ["monthly", "executive", "inventory", "projects", "weekly"] as const;

export type PageName = (typeof pageNames)[number];

const names = z.array(z.string().trim().min(1)).default([]);

/** A table `[[report]]` of tally.toml: which pages one circle of readers gets, of what, and where. */
export const reportTable = z.strictObject({
  name: z.string().trim().min(1).max(80),
  pages: z.array(z.enum(pageNames)).min(1).optional(),
  organizations: names,
  projects: names,
  cost_centres: names,
  gpu_types: names,
  regions: names,
  folder: z.string().trim().min(1).optional(),
  formats: z.array(z.enum(reportFormats)).min(1).optional(),
});

/** What a report is confined to; an empty list confines nothing. */
export interface ReportFilter {
  /** By id or name. */
  organizations: readonly string[];
  /** By id or name. */
  projects: readonly string[];
  /** By the cost centre that a project has today. */
  costCentres: readonly string[];
  gpuTypes: readonly string[];
  regions: readonly string[];
}

/** One report: its pages, what it is confined to, and where it is written. */
export interface ReportSelection {
  /** Null for the one that is written where tally.toml names none. */
  name: string | null;
  pages: ReadonlySet<PageName>;
  filter: ReportFilter;
  /** Relative to the workspace, or absolute. */
  folder: string;
  /** Undefined for those of `[reports]`. */
  formats: readonly ReportFormat[] | undefined;
}

const everything: ReportSelection = {
  name: null,
  pages: new Set(pageNames),
  filter: { organizations: [], projects: [], costCentres: [], gpuTypes: [], regions: [] },
  folder: "reports",
  formats: undefined,
};

/**
 * Reads the tables `[[report]]`. Without any there is one report: every page of everything, in reports/.
 *
 * @throws ConfigError that names the file and the two tables that would be written over each other
 */
export function readReportSelections(
  tables: readonly z.infer<typeof reportTable>[],
  path: string,
): ReportSelection[] {
  if (tables.length === 0) return [everything];
  const folders = new Map<string, string>();
  return tables.map((table) => {
    const { name, pages = pageNames, projects, regions, folder = `reports/${slugOf(name)}`, formats } = table;
    const key = folder.replace(/\/+$/, "").toLowerCase();
    refuseFolder(name, folder, path);
    const other = folders.get(key);
    if (other !== undefined) {
      throw new ConfigError(
        `${path}: [[report]]: ${JSON.stringify(other)} and ${JSON.stringify(name)} are both written to ${folder}.`,
        { hint: 'Give one of them another folder = "…": the one would replace the other.' },
      );
    }
    folders.set(key, name);
    return {
      name,
      pages: new Set(pages),
      filter: {
        organizations: table.organizations,
        projects,
        costCentres: table.cost_centres,
        gpuTypes: table.gpu_types,
        regions,
      },
      folder,
      formats,
    };
  });
}

/** What tally keeps in a workspace for itself: a report that replaced it would take the data with it. */
const ownFolders = new Set([".", "data", "docs", "exports", "logs", "queries", "sql"]);

function refuseFolder(name: string, folder: string, path: string): void {
  const refuse = (why: string) => {
    throw new ConfigError(
      `${path}: [[report]] ${JSON.stringify(name)}: folder: ${JSON.stringify(folder)} ${why}.`,
      {
        hint: 'Name a folder of its own, such as folder = "reports/finance", or one elsewhere by its whole path.',
      },
    );
  };
  if (/[\u0000-\u001f]/.test(folder)) refuse("holds a control character");
  if (isAbsolute(folder)) return;
  const [first = "."] = normalize(folder.replaceAll("\\", "/")).split("/");
  if (first === "..") refuse("leads out of the workspace");
  if (ownFolders.has(first.toLowerCase())) refuse("is where tally keeps other things");
}
