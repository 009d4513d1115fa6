import { relative, sep } from "node:path";
import { instantSlug } from "../instant-slug.ts";
import { openPublished } from "../open-published.ts";
import { renderReport } from "../reports/report.ts";
import type { ServeContext } from "./serve.ts";

/** The reports of a server that reads a shared warehouse: no run writes them there, so that it does so itself. */
export interface KeptReports {
  /**
   * Waits until there are some.
   *
   * @returns the path of the first page of those as of an instant, which are in no list; null for others
   * @throws TallyError where they can't be made
   */
  ready(): Promise<string | null>;
  /** Begins no other. */
  end(): void;
}

/** How often it is looked whether the workspace has committed anything since. */
const lookEveryMs = 60_000;

/** Writes the reports, and again each time that the workspace has committed to the shared warehouse. */
export function keepReports(context: ServeContext, everyMs = lookEveryMs): KeptReports {
  const { effects, shared } = context;
  const at = shared?.at;
  let reportedOf: number | undefined;
  let page: string | null = null;
  let looking: Promise<void> | undefined;
  const look = async () => {
    const committedAt = await lastCommit(context);
    if (committedAt === reportedOf) return;
    const written = await renderReport(context, at === undefined ? {} : { suffix: `@${instantSlug(at)}` });
    reportedOf = committedAt;
    page = at === undefined ? null : pathOf(context, written.page);
    effects.log.info(
      `wrote ${written.page}, of what was committed at ${new Date(committedAt).toISOString()}`,
    );
  };
  // Whoever asks while it is looked waits for the same.
  const lookOnce = () => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  const lookAndTell = () =>
    lookOnce().catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      effects.log.warn(
        `${reportedOf === undefined ? "there are no reports" : "the reports stay"}: ${message}`,
      );
    });
  void lookAndTell();
  const timer = setInterval(() => void lookAndTell(), everyMs);
  timer.unref();
  return {
    async ready() {
      if (reportedOf === undefined) await lookOnce();
      return page;
    },
    end: () => clearInterval(timer),
  };
}

async function lastCommit(context: ServeContext): Promise<number> {
  const tables = await openPublished(context);
  tables.close();
  return tables.shared?.committedAt?.getTime() ?? 0;
}

/** Where a page of the workspace's reports is served; null for one that lies elsewhere. */
function pathOf({ workspace }: ServeContext, page: string): string | null {
  const path = relative(workspace.reports, page);
  return path.startsWith("..") ? null : `/reports/${path.split(sep).map(encodeURIComponent).join("/")}`;
}
