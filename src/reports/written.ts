import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pageDefinitions } from "./pages.ts";

/** A folder of a month or week that is there, with the pages in it that a list can link. */
export interface WrittenFolder {
  /** YYYY-MM or YYYY-Www */
  name: string;
  pages: readonly { short: string; path: string }[];
}

/** The folders of months and weeks, in their order; those of what was known at an instant are none of them. */
export async function writtenFolders(root: string): Promise<WrittenFolder[]> {
  const names = (await readdir(root)).filter((name) => /^\d{4}-(\d\d|W\d\d)$/.test(name)).sort();
  return names.map((name) => ({
    name,
    pages: pageDefinitions
      .filter(({ period, isPerProject }) => (period === "week") === name.includes("W") && !isPerProject)
      .filter(({ path }) => existsSync(join(root, name, path)))
      .map(({ short, path }) => ({ short, path })),
  }));
}
