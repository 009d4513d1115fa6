import type { Config } from "../config.ts";
import type { Effects } from "../effects.ts";
import { TallyError } from "../errors/tally-error.ts";
import { requirePublished } from "../require-published.ts";
import { openReadOnly, type Warehouse } from "../warehouse.ts";
import type { Workspace } from "../workspace.ts";

export interface ExportContext {
  effects: Effects;
  workspace: Workspace;
  config: Config;
}

/** What the published tables say of the build that they come from. */
export interface BuildFacts {
  built_at: string;
  as_of: string | null;
  tally_version: string;
}

/**
 * Does `work` with the published tables open, and closes them whatever happens. An export takes nothing from
 * anywhere else.
 *
 * @throws ConfigError where nothing is published yet
 */
export async function withPublished<T>(
  { workspace, config }: ExportContext,
  work: (analytics: Warehouse, build: BuildFacts) => Promise<T>,
): Promise<T> {
  requirePublished(workspace);
  const analytics = await openReadOnly(workspace.analytics, config.warehouse);
  try {
    const build = await analytics.first<BuildFacts>("select built_at, as_of, tally_version from meta_build");
    if (!build) {
      throw new TallyError(
        `${analytics.path} does not say when it was built: its table meta_build is empty.`,
        { hint: "Build it anew with `tally build`." },
      );
    }
    return await work(analytics, build);
  } finally {
    analytics.close();
  }
}

/** `2026-11-03 06:00:00`, as DuckDB writes UTC times, as ISO 8601. */
export function isoInstant(timestamp: string): string {
  return `${timestamp.replace(" ", "T").replace(/\.0+$/, "")}Z`;
}
