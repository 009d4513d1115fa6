import { existsSync } from "node:fs";
import { ConfigError } from "./errors/config-error.ts";
import type { Workspace } from "./workspace.ts";

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
  { analytics, root }: Pick<Workspace, "analytics" | "root">,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const [, lack] = /^(?:Catalog|Binder) Error: (.*)/.exec(error.message) ?? [];
    if (lack === undefined) throw error;
    throw new ConfigError(`${analytics} was published by another version of tally: ${lack}`, {
      hint: `Publish it anew with \`tally build --workspace ${root}\`, which reads nothing from the API.`,
      cause: error,
    });
  }
}
