import { LoadError } from "../errors/load-error.ts";
import { recordNothingOffered } from "./load.ts";
import type { Run, Work } from "./organization.ts";
import { planUsage, type UsageOffer } from "./plan.ts";
import { type Unit, unitOf } from "./units.ts";
import { dayOf, usageRange } from "./windows.ts";

/** The windows of usage to read; both streams of a window one after the other, newest first. */
export async function usageWork(
  run: Run,
  organizationId: string,
  projectIds: readonly string[],
  isOfferFresh: boolean,
): Promise<Work[]> {
  const { config, options, read } = run;
  const usageStreams = run.selected.filter((stream) => stream.history === "usage");
  const offer = usageStreams.length > 0 ? await offeredUsage(run, organizationId) : null;
  if (!offer) return [];
  const today = dayOf(read.now);
  const units: Unit[] = [];
  for (const stream of usageStreams) {
    const planned = await planUsage(read.warehouse, {
      stream,
      organizationId,
      offer,
      today,
      lookbackDays: config.ingest.lookbackDays,
      asked: { from: options.from, to: options.to, full: options.full },
      urlLength: read.client.urlLength,
    });
    units.push(...planned);
    // What is not on offer has no usage. An offer that was not read tonight says nothing of new projects.
    const isOffered = new Set(offer.resourceTypes.length > 0 ? offer.projects : []);
    const window = usageRange(offer, today);
    if (isOfferFresh && window.from <= window.to) {
      await recordNothingOffered(
        read,
        { ...unitOf(stream.name, { organizationId, projectId: null }), usage: { ...noUsage, window } },
        projectIds.filter((id) => !isOffered.has(id)),
      );
    }
  }
  return units
    .sort((a, b) => (b.usage?.window.to ?? "").localeCompare(a.usage?.window.to ?? ""))
    .map((unit) => () => run.reader.readNoting(unit));
}

const noUsage = { projects: [], otherProjects: [], resourceTypes: [], regions: [] };

/** What usage/options said last. */
async function offeredUsage(run: Run, organizationId: string): Promise<UsageOffer | null> {
  const { read, options } = run;
  const row = await read.warehouse.first<{
    start_date: string | null;
    end_date: string | null;
    projects: string[] | null;
    regions: string[] | null;
    resource_types: string[] | null;
  }>(
    `select start_date, end_date, projects, regions, resource_types
     from raw.usage_options
     where _valid_to is null and organization_id = $organizationId`,
    { organizationId },
  );
  if (!row) return null;
  const offer = {
    end: row.end_date,
    projects: row.projects ?? [],
    resourceTypes: row.resource_types ?? [],
    regions: row.regions ?? [],
  };
  const start = row.start_date ?? options.from;
  const hasUsage = offer.projects.length > 0 && offer.resourceTypes.length > 0;
  if (start === undefined && hasUsage) {
    const unit = unitOf("usage_options", { organizationId, projectId: null });
    const message = `GET ${unit.path} names no start_date that can be read, so usage can't be asked for.`;
    run.reader.note(unit, new LoadError(message, { hint: "Say with --from which day to begin with." }));
    return null;
  }
  return { ...offer, start: start ?? dayOf(read.now) };
}
