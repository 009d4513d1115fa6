import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { UsageError } from "../errors/usage-error.ts";
import { packageRoot } from "../package.ts";
import { oneLine, parseHeader, splitSqlFile } from "../sql-header.ts";
import type { Params } from "../warehouse.ts";
import type { Workspace } from "../workspace.ts";

/** A query that has a name. */
export interface SavedQuery {
  name: string;
  /** What it answers; empty where its file does not say. */
  description: string;
  /** Its parameters that have a value where none is given. */
  defaults: Params;
  sql: string;
  /** Whether it is of the workspace, and not one that ships. */
  isOwn: boolean;
}

const header = z.strictObject({
  description: z.string().min(1),
  params: z
    .record(z.string().regex(/^[A-Za-z_]\w*$/), z.union([z.string(), z.number()]).transform(String))
    .default({}),
});
const takes = "The header of a query has a description and, if wanted, params with a default for each.";

/** Where the queries lie that ship. */
export const shippedQueries = join(packageRoot, "sql", "queries");

/** The saved queries of a workspace and those that ship, by name; where both have one, the workspace's. */
export async function listSavedQueries({ queries }: Pick<Workspace, "queries">): Promise<SavedQuery[]> {
  const found = new Map<string, SavedQuery>();
  for (const [folder, isOwn] of [
    [shippedQueries, false],
    [queries, true],
  ] as const) {
    for (const name of await sqlNames(folder))
      found.set(name, await readSaved(join(folder, `${name}.sql`), name, isOwn));
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The saved query of that name.
 *
 * @throws UsageError that lists those that there are, where there is none
 * @throws ConfigError that names the file and the line where its header is not as it should be
 */
export async function findSavedQuery(
  workspace: Pick<Workspace, "queries">,
  name: string,
): Promise<SavedQuery> {
  for (const [folder, isOwn] of [
    [workspace.queries, true],
    [shippedQueries, false],
  ] as const) {
    if ((await sqlNames(folder)).includes(name)) return readSaved(join(folder, `${name}.sql`), name, isOwn);
  }
  const names = (await listSavedQueries(workspace)).map((query) => `@${query.name}`);
  throw new UsageError(`There is no saved query @${name}.`, {
    hint: `There are ${names.join(", ")}. Save one of your own as ${join(workspace.queries, `${name}.sql`)}.`,
  });
}

async function sqlNames(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const files = await readdir(folder);
  return files.flatMap((file) => /^([\w-]+)\.sql$/.exec(file)?.[1] ?? []);
}

async function readSaved(path: string, name: string, isOwn: boolean): Promise<SavedQuery> {
  const text = await readFile(path, "utf8");
  // A query of one's own need not say what it is.
  if (!/^\s*\/\*/.test(text)) return { name, description: "", defaults: {}, sql: text, isOwn };
  const { yaml, sql } = splitSqlFile(text, path);
  const { data } = parseHeader(yaml, path, header, takes);
  return { name, description: oneLine(data.description), defaults: data.params, sql, isOwn };
}
