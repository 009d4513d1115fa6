import pLimit from "p-limit";
import type { Config } from "../config.ts";
import type { TallyError } from "../errors/tally-error.ts";
import type { IngestOptions } from "./ingest.ts";
import type { ReadContext, Reader } from "./read.ts";
import type { Stream } from "./streams.ts";
import { type Unit, unitOf } from "./units.ts";
import { usageWork } from "./usage-work.ts";

/** What one call of ingest goes by. */
export interface Run {
  config: Config;
  options: IngestOptions;
  selected: readonly Stream[];
  read: ReadContext;
  reader: Reader;
}

/** Something to be read, once there is room for it. */
export type Work = () => Promise<unknown>;

/**
 * Reads all that is selected of one organisation: first what says what there is to read, then the rest side by
 * side, usage newest first.
 */
export async function readOrganization(run: Run, organizationId: string): Promise<void> {
  const { selected, read } = run;
  const has = (test: (stream: Stream) => boolean) => selected.some(test);
  const scope = { organizationId, projectId: null };
  const [, isOfferFresh] = await Promise.all([
    // Projects are what most streams are read by, and what coverage is kept for.
    has((stream) => stream.scope !== "account") && run.reader.readNoting(unitOf("projects", scope)),
    has((stream) => stream.history === "usage" || stream.name === "usage_options") &&
      run.reader.readNoting(unitOf("usage_options", scope)),
  ]);
  const projects = await read.warehouse.all<{ id: string }>(
    "select id from raw.projects where _valid_to is null and organization_id = $organizationId order by id",
    { organizationId },
  );
  const projectIds = projects.map(({ id }) => id);
  const work = [
    ...inventoryWork(run, organizationId, projectIds),
    ...(await usageWork(run, organizationId, projectIds, isOfferFresh)),
  ];
  await inParallel(work, run.config.api.maxInFlight);
}

/** Does all of the work, so many at a time. After an error nothing more is begun, and what runs is awaited. */
async function inParallel(work: readonly Work[], most: number): Promise<void> {
  const limit = pLimit(most);
  let isStopped = false;
  const results = await Promise.allSettled(
    work.map((each) =>
      limit(async () => {
        if (isStopped) return;
        try {
          await each();
        } catch (error) {
          isStopped = true;
          throw error;
        }
      }),
    ),
  );
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

function inventoryWork(run: Run, organizationId: string, projectIds: readonly string[]): Work[] {
  const readFirst = new Set(["organizations", "projects", "usage_options"]);
  return run.selected
    .filter((stream) => stream.history === "inventory" && !readFirst.has(stream.name))
    .flatMap(({ name, scope }): Work[] => {
      const units = projectIds.map((projectId) => unitOf(name, { organizationId, projectId }));
      switch (scope) {
        case "project":
          return units.map((unit) => () => run.reader.readNoting(unit));
        case "any_project":
          return units.length > 0 ? [() => readFirstThatAnswers(run, units)] : [];
        default:
          return [() => run.reader.readNoting(unitOf(name, { organizationId, projectId: null }))];
      }
    });
}

/** More than so many projects are not asked for what is the same in each. */
const mostProjectsAsked = 5;

async function readFirstThatAnswers(run: Run, units: readonly Unit[]): Promise<void> {
  let failed: { unit: Unit; failure: TallyError } | undefined;
  for (const unit of units.slice(0, mostProjectsAsked)) {
    const failure = await run.reader.read(unit);
    if (!failure) return;
    failed ??= { unit, failure };
  }
  if (failed) run.reader.note(failed.unit, failed.failure);
}
