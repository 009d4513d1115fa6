import type { Effects } from "../effects.ts";
import { TallyError } from "../errors/tally-error.ts";
import { openPublished, type PublishedContext } from "../open-published.ts";
import type { Warehouse } from "../warehouse.ts";

export interface ExportContext extends PublishedContext {
  effects: Effects;
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
  context: ExportContext,
  work: (analytics: Warehouse, build: BuildFacts) => Promise<T>,
): Promise<T> {
  const analytics = await openPublished(context);
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
