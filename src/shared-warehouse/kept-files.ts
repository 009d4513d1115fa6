import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { runLogFiles } from "../run-log.ts";
import { sqlText, type Warehouse } from "../warehouse.ts";
import type { Workspace } from "../workspace.ts";
import { workspaceTemplate } from "../workspace-template.ts";

/** The table in which a workspace's own files lie there, by their paths in it. */
export const filesTable = "workspace_file";

/**
 * The files that are neither settings nor code, and that no table has: what the API can't know, by which tables are
 * built, and what was told and done. tally.toml says where the warehouse is, and SQL of one's own is code: what runs on
 * a machine is brought there by whoever runs it, and by no warehouse that others write to.
 */
const keptFiles = (workspace: Workspace): readonly string[] => [
  ...Object.values(workspace.csv),
  ...runLogFiles(workspace),
  workspace.notified,
];

/** Makes a table of the files of the workspace: kept.workspace_file in the connection's own database. */
export async function gatherKeptFiles(connection: Warehouse, workspace: Workspace): Promise<void> {
  await connection.run(`
    create schema kept;
    create table kept.${filesTable} (path varchar, content blob);
    comment on table kept.${filesTable} is 'The files of each workspace that its tables rest on, and its log.';
  `);
  for (const path of keptFiles(workspace)) {
    const content = await readFile(path).catch(() => null);
    if (content === null) continue;
    await connection.run(
      `insert into kept.${filesTable} values (${sqlText(relative(workspace.root, path))}, from_base64($content))`,
      { content: content.toString("base64") },
    );
  }
}

/** What became of the files that were kept there. */
export interface RestoredFiles {
  written: string[];
  /** Those that are here with something else in them, which stay as they are. */
  differing: string[];
}

/** Writes the files of a workspace that are missing in it, or as `tally init` wrote them. */
export async function writeKeptFiles(
  workspace: Workspace,
  files: readonly { path: string; content: string }[],
): Promise<RestoredFiles> {
  const restored: RestoredFiles = { written: [], differing: [] };
  // Whatever else stands in the table is no file that tally keeps, and is not written.
  for (const path of keptFiles(workspace)) {
    const name = relative(workspace.root, path);
    const file = files.find((each) => each.path === name);
    if (!file) continue;
    const content = Buffer.from(file.content, "base64");
    const here = await readFile(path).catch(() => null);
    if (here?.equals(content)) continue;
    const template = await readFile(join(workspaceTemplate, name)).catch(() => null);
    if (here !== null && !(template && here.equals(template))) {
      restored.differing.push(name);
      continue;
    }
    await mkdir(dirname(path), { recursive: true });
    const aside = `${path}.new`;
    try {
      await writeFile(aside, content);
      await rename(aside, path);
    } finally {
      await rm(aside, { force: true });
    }
    restored.written.push(name);
  }
  return restored;
}
