import { type Dirent, existsSync, lstatSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { ConfigError } from "./errors/config-error.ts";
import type { Workspace } from "./workspace.ts";

/**
 * Refuses a workspace of which a part that tally reads or writes is a link that leads out of it: whoever may
 * write to the workspace must not thereby make tally write elsewhere, or show what only its user may read. The
 * workspace itself may be reached by a link.
 *
 * @throws ConfigError that names the link and where it leads
 */
export function refuseLinksOut(workspace: Workspace): void {
  refuseThoseOut(workspace, linksOf(workspace));
}

/**
 * Refuses the same of every folder and file of what was read, however deep. There are many, so this is for who writes.
 *
 * @throws ConfigError that names the link and where it leads
 */
export function refuseLinksInRaw(workspace: Workspace): void {
  if (!existsSync(workspace.raw)) return;
  const entries = readdirSync(workspace.raw, { recursive: true, withFileTypes: true });
  const links = entries.filter((entry) => entry.isSymbolicLink());
  refuseThoseOut(
    workspace,
    links.map(({ parentPath, name }) => join(parentPath, name)),
  );
}

function refuseThoseOut(workspace: Workspace, links: readonly string[]): void {
  const root = realpathSync(workspace.root);
  for (const path of links) {
    const target = targetOf(path);
    if (target === root || target?.startsWith(root + sep) || isNowhere(target)) continue;
    const name = relative(workspace.root, path);
    throw new ConfigError(
      `${name} in ${workspace.root} is a link that leads out of the workspace${target === undefined ? "" : `, to ${target}`}.`,
      {
        hint: "Remove the link. To keep a folder on another disk, mount it there; a [[report]] may name a folder elsewhere.",
      },
    );
  }
}

/** What keeps nothing and tells nothing: a log that nobody wants may lead there. */
const isNowhere = (target: string | undefined): boolean => target === "/dev/null" || target === "/dev/full";

/** The links among what tally reads and writes, down to the files of its folders. */
function linksOf(workspace: Workspace): string[] {
  const { root, tallyToml, csv, raw, warehouse, reports, exports, docs, queries, runLog } = workspace;
  const folders = [
    dirname(warehouse),
    raw,
    reports,
    exports,
    docs,
    queries,
    dirname(runLog),
    join(root, "sql"),
  ];
  const sql = ["staging", "intermediate", "marts", "tests"].map((layer) => join(root, "sql", layer));
  const named = [tallyToml, ...Object.values(csv), ...folders].filter(isLink);
  const inside = [...folders, ...sql].flatMap((folder) =>
    entriesOf(folder)
      .filter((entry) => entry.isSymbolicLink())
      .map(({ name }) => join(folder, name)),
  );
  return [...named, ...inside];
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Where a link leads in the end; undefined where nothing is there. */
function targetOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
