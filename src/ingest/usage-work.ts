import { noteNothingOffered } from "./nothing-offered.ts";
import { offeredUsage } from "./offered-usage.ts";
import type { Run, Work } from "./organization.ts";
import { planUsage } from "./plan.ts";
import { createSecondChances } from "./second-chance.ts";
import type { Stream } from "./streams.ts";
import type { Unit } from "./units.ts";
import { dayOf, usageRange } from "./windows.ts";

/** The windows of usage to read; all streams of a window one after the other, newest first. */
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
  const work: { to: string; work: Work }[] = [];
  for (const stream of usageStreams) {
    const units = await planUsage(read.warehouse, {
      stream,
      organizationId,
      offer,
      today,
      lookbackDays: config.ingest.lookbackDays,
      asked: { from: options.from, to: options.to, full: options.full },
      urlLength: read.client.urlLength,
    });
    work.push(...workOf(run, stream, units));
    // What is not on offer has no usage. An offer that was not read tonight says nothing of new projects.
    const isOffered = new Set(offer.resourceTypes.length > 0 ? offer.projects : []);
    const window = usageRange(offer, today);
    if (isOfferFresh && stream.filters === "lists" && window.from <= window.to) {
      const others = projectIds.filter((id) => !isOffered.has(id));
      await noteNothingOffered(read, stream.name, organizationId, window, others);
    }
  }
  return work.sort((a, b) => (a.to < b.to ? 1 : a.to > b.to ? -1 : 0)).map((each) => each.work);
}

function workOf(run: Run, stream: Stream, units: readonly Unit[]): { to: string; work: Work }[] {
  const newestFirst = [...units].sort((a, b) =>
    (b.usage?.window.to ?? "").localeCompare(a.usage?.window.to ?? ""),
  );
  const to = newestFirst[0]?.usage?.window.to ?? "";
  if (stream.notOfferedOn.length === 0) {
    return newestFirst.map((unit) => ({
      to: unit.usage?.window.to ?? "",
      work: unit,
    }));
  }
  // What the account may not have is asked for window by window, and no further than where it says so.
  const inTurn = async () => {
    const chances = createSecondChances(run.reader, newestFirst.length);
    for (const unit of newestFirst) {
      const before = run.read.summary.of(stream.name).notOffered;
      await chances.tryToRead(unit);
      if (run.read.summary.of(stream.name).notOffered > before) return;
    }
    for (const readAgain of chances.left()) await readAgain();
  };
  return units.length > 0 ? [{ to, work: inTurn }] : [];
}
