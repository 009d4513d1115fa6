import { noteNothingOffered } from "./nothing-offered.ts";
import { offeredUsage } from "./offered-usage.ts";
import type { Run, Work } from "./organization.ts";
import { planUsage } from "./plan.ts";
import { wasEverAnswered } from "./records.ts";
import type { SecondChances } from "./second-chance.ts";
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
  const { config, options, known, loading } = run;
  const usageStreams = run.selected.filter((stream) => stream.history === "usage");
  const offer = usageStreams.length > 0 ? await offeredUsage(run, organizationId) : null;
  if (!offer) return [];
  const today = dayOf(loading.now);
  const work: Dated[] = [];
  for (const stream of usageStreams) {
    const units = await planUsage(known, {
      stream,
      organizationId,
      offer,
      today,
      lookbackDays: config.ingest.lookbackDays,
      asked: { from: options.from, to: options.to, full: options.full },
      urlLength: run.urlLength,
    });
    work.push(...(await workOf(run, stream, units)));
    // What is not on offer has no usage. An offer that was not read tonight says nothing of new projects.
    const isOffered = new Set(offer.resourceTypes.length > 0 ? offer.projects : []);
    const window = usageRange(offer, today);
    if (isOfferFresh && stream.filters === "lists" && window.from <= window.to) {
      const others = projectIds.filter((id) => !isOffered.has(id));
      await run.loader.inTurn(() => noteNothingOffered(loading, stream.name, organizationId, window, others));
    }
  }
  return work.sort((a, b) => (a.to < b.to ? 1 : a.to > b.to ? -1 : 0)).map((each) => each.work);
}

interface Dated {
  to: string;
  work: Work;
}

/** The windows of a stream. What the account may not have is asked for no further than where it says so. */
async function workOf(run: Run, stream: Stream, units: readonly Unit[]): Promise<Dated[]> {
  const newestFirst = units
    .map((unit) => ({ unit, to: unit.usage?.window.to ?? "" }))
    .sort((a, b) => b.to.localeCompare(a.to));
  const [newest, ...older] = newestFirst;
  if (!newest) return [];
  const isOffered = async ({ unit }: { unit: Unit }, chances: SecondChances) => {
    await chances.tryToRead(unit);
    return !run.reader.wasNotOffered(unit);
  };
  if (stream.notOfferedOn.length > 0 && stream.filters === "days") {
    // Bills may be kept for less long than usage, and what is further back is refused.
    const inTurn: Work = async (chances) => {
      for (const each of newestFirst) if (!(await isOffered(each, chances))) return;
    };
    return [{ to: newest.to, work: inTurn }];
  }
  const { organizationId } = newest.unit;
  if (stream.notOfferedOn.length > 0 && !(await wasEverAnswered(run.known, stream, organizationId))) {
    let tell: (isOffered: boolean) => void = () => undefined;
    const told = new Promise<boolean>((resolve) => {
      tell = resolve;
    });
    const first: Work = async (chances) => {
      try {
        tell(await isOffered(newest, chances));
      } finally {
        tell(false);
      }
    };
    const then = ({ unit, to }: (typeof older)[number]): Dated => ({
      to,
      work: async (chances) => (await told) && chances.tryToRead(unit),
    });
    return [{ to: newest.to, work: first }, ...older.map(then)];
  }
  return newestFirst.map(({ unit, to }) => ({ to, work: unit }));
}
