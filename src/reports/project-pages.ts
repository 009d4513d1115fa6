import { createHash } from "node:crypto";
import { slugOf } from "../slug.ts";
import type { Dataset } from "./dataset.ts";

interface ProjectRow {
  project_id: string;
  project_name: string;
}

/** A project that has a page, with where it lies in the folder of the period. */
export interface ProjectPage {
  id: string;
  name: string;
  path: string;
}

/** The projects that have a page: those with usage in the period or before it, or something idle. */
export function projectPagesOf(figures: Dataset | undefined): ProjectPage[] {
  const pages = new Map<string, ProjectPage>();
  for (const { project_id: id, project_name: name } of (figures?.rows ?? []) as unknown as ProjectRow[]) {
    if (!pages.has(id)) pages.set(id, { id, name, path: `projects/${projectSlug(id, name)}.html` });
  }
  return [...pages.values()];
}

/** The same for the same project in every month, and another one for a project of the same name. */
export function projectSlug(id: string, name: string): string {
  return `${slugOf(name)}-${createHash("sha256").update(id).digest("hex").slice(0, 10)}`;
}

/** The rows of each project, of datasets that name projects: each is read once for all of them. */
export function splitByProject(
  datasets: ReadonlyMap<string, Dataset>,
): (id: string) => ReadonlyMap<string, Dataset> {
  const split = [...datasets].map(([query, dataset]) => {
    const rows = new Map<unknown, Dataset["rows"][number][]>();
    for (const row of dataset.rows) {
      const ofProject = rows.get(row.project_id);
      if (ofProject) ofProject.push(row);
      else rows.set(row.project_id, [row]);
    }
    return { query, dataset, rows };
  });
  return (id) =>
    new Map(split.map(({ query, dataset, rows }) => [query, { ...dataset, rows: rows.get(id) ?? [] }]));
}
