import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { ConfigError } from "../errors/config-error.ts";
import { packageRoot } from "../package.ts";
import type { Workspace } from "../workspace.ts";
import { type ModelLayer, modelLayers } from "./context.ts";
import { type Incremental, type ModelHeader, parseModelFile, parseTestFile } from "./header.ts";

/** One .sql file: what it means, and the SELECT that makes it. */
export interface Model {
  name: string;
  layer: ModelLayer;
  /** The path as errors show it, such as sql/marts/dim_vm.sql. */
  file: string;
  header: ModelHeader;
  materialization: "view" | "table";
  /** The SELECT without a semicolon, its lines at the numbers that they have in the file. */
  sql: string;
}

/** A file of sql/tests: a query for rows that should not be. */
export interface SqlTest {
  name: string;
  file: string;
  description: string;
  severity: "error" | "warn";
  /** Null where every row is always looked at. */
  incremental: Incremental | null;
  sql: string;
}

export interface Project {
  models: Model[];
  tests: SqlTest[];
}

/** The sql folders of a workspace: tally's own, and the user's where there is one. */
export function projectRoots(workspace: Workspace): string[] {
  return [join(packageRoot, "sql"), join(workspace.root, "sql")].filter((root) => existsSync(root));
}

/**
 * Reads every model and test below some sql folders, in the order of their names.
 *
 * @throws ConfigError that names the file and the line of a header that is not as it should be
 */
export async function loadProject(roots: readonly string[]): Promise<Project> {
  const models: Model[] = [];
  const tests: SqlTest[] = [];
  for (const root of roots) {
    for (const layer of modelLayers) {
      for (const { path, text } of await sqlFiles(join(root, layer))) {
        models.push(loadModel(path, text, root, layer));
      }
    }
    for (const { path, text } of await sqlFiles(join(root, "tests"))) tests.push(loadTest(path, text, root));
  }
  refuseSameNames(models);
  refuseSameNames(tests);
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  return { models: models.sort(byName), tests: tests.sort(byName) };
}

const readModelFile = remembered(parseModelFile);
const readTestFile = remembered(parseTestFile);

/** A run loads the project for the build, for its tests and to publish: each text is parsed once. */
function remembered<T>(parse: (text: string, file: string) => T): (text: string, file: string) => T {
  const known = new Map<string, T>();
  return (text, file) => {
    const key = `${file}\n${text}`;
    const found = known.get(key) ?? parse(text, file);
    known.set(key, found);
    return found;
  };
}

function loadModel(path: string, text: string, root: string, layer: ModelLayer): Model {
  const file = relative(dirname(root), path);
  const { header, sql } = readModelFile(text, file);
  return {
    name: basename(path, ".sql"),
    layer,
    file,
    header,
    materialization: header.materialized ?? (layer === "staging" ? "view" : "table"),
    sql: withoutSemicolon(sql),
  };
}

function loadTest(path: string, text: string, root: string): SqlTest {
  const file = relative(dirname(root), path);
  const { header, sql } = readTestFile(text, file);
  return { name: basename(path, ".sql"), file, ...header, sql: withoutSemicolon(sql) };
}

async function sqlFiles(folder: string): Promise<{ path: string; text: string }[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".sql"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(path, "utf8") })));
}

function refuseSameNames(items: readonly { name: string; file: string }[]): void {
  const seen = new Map<string, string>();
  for (const { name, file } of items) {
    const key = name.toLowerCase();
    const other = seen.get(key);
    if (other !== undefined) {
      throw new ConfigError(`${file}:1: ${name} is the name of ${other} already.`, {
        hint: "Rename one of the two files: a name stands for one table.",
      });
    }
    seen.set(key, file);
  }
}

function withoutSemicolon(sql: string): string {
  return sql.replace(/[\s;]+$/, "");
}
