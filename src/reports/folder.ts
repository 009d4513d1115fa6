import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Dataset } from "./dataset.ts";
import { addDays, monthName, type Period } from "./month.ts";
import type { PageDefinition } from "./pages.ts";
import { projectPagesOf, splitByProject } from "./project-pages.ts";
import type { GeneralFacts } from "./read-report.ts";
import { type PageSurroundings, renderPage } from "./render-page.ts";
import type { ReportFacts } from "./section.ts";

/** One folder to be written, of one report and one period. */
export interface Folder {
  root: string;
  name: string;
  files: Map<string, string | Uint8Array>;
  /** The file to open first; none where no page is written. */
  first: string | undefined;
}

/** The reports of the months that a week lies in, where they are made with it or were before. */
export function monthsBeside(
  { root, name }: Folder,
  { kind, key, start, end }: Period,
  made: readonly Folder[],
): PageSurroundings["related"] {
  if (kind !== "week") return [];
  const suffix = name.slice(key.length);
  const months = [...new Set([start, addDays(end, -1)].map((day) => day.slice(0, 7)))];
  return months
    .filter((month) =>
      made.some((folder) => folder.name === month + suffix)
        ? made.some((folder) => folder.name === month + suffix && folder.files.has("index.html"))
        : existsSync(join(root, month + suffix, "index.html")),
    )
    .map((month) => ({ short: monthName(month), path: `../${month}${suffix}/index.html` }));
}

/** The pages of a folder by their paths, the one to open first at their head. */
export async function makePages(
  definitions: readonly PageDefinition[],
  datasets: ReadonlyMap<string, Dataset>,
  general: GeneralFacts,
  period: Period,
  options: Pick<PageSurroundings, "hasCsv" | "hasIndex" | "related">,
): Promise<Map<string, string>> {
  const pages = new Map<string, string>();
  const perProject = definitions.find(({ isPerProject }) => isPerProject);
  const projects = perProject ? projectPagesOf(datasets.get("project_figures")) : [];
  const projectPages = new Map(projects.map(({ id, path }) => [id, path]));
  const siblings = definitions.flatMap(({ short, path, isPerProject }) =>
    isPerProject ? [] : [{ short, path }],
  );
  for (const definition of definitions) {
    if (definition.isPerProject) continue;
    const facts = { ...general, period, projectPages };
    const surroundings = { root: "", siblings, ...options };
    pages.set(definition.path, await renderPage(definition, datasets, facts, surroundings));
  }
  if (!perProject) return pages;
  const rowsOf = splitByProject(onlyOf(perProject, datasets));
  const facts: ReportFacts = { ...general, period, projectPages: new Map() };
  const surroundings = { root: "../", siblings, ...options };
  for (const { id, name, path } of projects) {
    pages.set(path, await renderPage(perProject, rowsOf(id), facts, surroundings, name));
  }
  return pages;
}

function onlyOf(
  { sections }: PageDefinition,
  datasets: ReadonlyMap<string, Dataset>,
): ReadonlyMap<string, Dataset> {
  const wanted = new Set(sections.map(({ query }) => query));
  return new Map([...datasets].filter(([query]) => wanted.has(query)));
}
