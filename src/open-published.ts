import { existsSync } from "node:fs";
import type { Config } from "./config.ts";
import type { Effects } from "./effects.ts";
import { ConfigError } from "./errors/config-error.ts";
import type { SharedFacts, SharedReading } from "./shared-warehouse/read.ts";
import { openReadOnly, type Warehouse } from "./warehouse.ts";
import type { Workspace } from "./workspace.ts";

/** What reading the published tables takes. */
export interface PublishedContext {
  effects: Pick<Effects, "env">;
  workspace: Workspace;
  config: Config;
  /** What is read of the warehouse that several share, in the place of the workspace's own file. */
  shared?: SharedReading;
}

/** The published tables, by their bare names. `path` is what errors call the place that they are in. */
export interface PublishedTables extends Warehouse {
  /** Null where they are those of a file. */
  shared: SharedFacts | null;
}

/**
 * Opens the published tables to read: those of the workspace's own file, or of the warehouse that is shared. It is the
 * one place that knows of both; whoever reads them asks for tables by their names, and closes it.
 *
 * @param file another file than the workspace's analytics.duckdb
 * @throws ConfigError where nothing is published yet
 */
export async function openPublished(
  context: PublishedContext,
  file = context.workspace.analytics,
): Promise<PublishedTables> {
  if (context.shared) {
    const { openShared } = await import("./shared-warehouse/read.ts");
    return openShared(context, context.shared);
  }
  const { workspace, config } = context;
  requirePublished({ analytics: file, root: workspace.root });
  return { ...(await openReadOnly(file, config.warehouse)), shared: null };
}

/** @throws ConfigError where nothing is published yet */
export function requirePublished({ analytics, root }: Pick<Workspace, "analytics" | "root">): void {
  if (existsSync(analytics)) return;
  throw new ConfigError(`Nothing is published yet: there is no ${analytics}.`, {
    hint: `Make it with \`tally run --workspace ${root}\`.`,
  });
}

/**
 * Does `work`, which reads the published tables by queries of tally's own.
 *
 * @throws ConfigError where they lack a table or a column, since another version of tally published them
 */
export async function readingPublished<T>(
  tables: Pick<PublishedTables, "path" | "shared">,
  { root }: Pick<Workspace, "root">,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const [, lack] = /^(?:Catalog|Binder) Error: (.*)/.exec(error.message) ?? [];
    if (lack === undefined) throw error;
    throw new ConfigError(`${tables.path} was published by another version of tally: ${lack}`, {
      hint: tables.shared
        ? `Have ${tables.shared.workspace ?? "each workspace"} run with this version of tally, or read it with ${tables.shared.tallyVersion ?? "that"}.`
        : `Publish it anew with \`tally build --workspace ${root}\`, which reads nothing from the API.`,
      cause: error,
    });
  }
}
