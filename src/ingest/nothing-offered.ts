import type { Journal } from "./journal.ts";
import { type RecordContext, recordReads } from "./records.ts";
import { unitOf } from "./units.ts";
import type { Window } from "./windows.ts";

/**
 * Notes that a stream has nothing for these projects in these days, since the API says so without having been
 * asked for them. Such a record has no load, so that the days are read once they are on offer.
 */
export async function noteNothingOffered(
  context: RecordContext & { journal: Pick<Journal, "write"> },
  stream: string,
  organizationId: string | null,
  window: Window,
  projects: readonly string[],
): Promise<void> {
  if (projects.length === 0) return;
  const { warehouse, runId, now, journal } = context;
  await warehouse.transaction(async () => {
    const noted = await warehouse.all<{ project_id: string; noted_to: string }>(
      `select project_id, max(window_to) as noted_to
       from raw.read_windows
       where load_id is null and stream = $stream and organization_id is not distinct from $organizationId
       group by project_id`,
      { stream, organizationId },
    );
    const notedTo = new Map(noted.map((each) => [each.project_id, each.noted_to]));
    const unit = unitOf(stream, { account: null, organizationId, projectId: null });
    await recordReads(
      context,
      projects.map((project) => {
        // Only the days since the last such record, so that years of nights do not pile up.
        const since = notedTo.get(project);
        const from = since && since > window.from && since <= window.to ? since : window.from;
        return {
          unit: { ...unit, span: { from, to: window.to } },
          loadId: null,
          project,
          status: "complete",
          rows: 0,
          message: "usage/options lists no usage of this project",
        };
      }),
    );
    await journal.write({
      kind: "nothing_offered",
      run_id: runId,
      now: now.toISOString(),
      stream,
      organization_id: organizationId,
      window,
      projects,
    });
  });
}
