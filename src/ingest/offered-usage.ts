import type { Run } from "./organization.ts";
import { planUsage, type UsageOffer } from "./plan.ts";
import { streamNamed } from "./streams.ts";
import { addDays, type Day, dayOf, firstOfMonth } from "./windows.ts";

/** What usage/options said last; null where it was never read. */
export async function offeredUsage(run: Run, organizationId: string): Promise<UsageOffer | null> {
  const { known, options } = run;
  const row = await known.first<{
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
  const hasUsage = offer.projects.length > 0 && offer.resourceTypes.length > 0;
  const start =
    row.start_date ?? options.from ?? (hasUsage ? await foundStart(run, organizationId, offer) : null);
  return { ...offer, start: start ?? dayOf(run.loading.now) };
}

/** Usage is taken to begin where so many months before it have none. */
const emptyMonths = 6;
const mostMonths = 120;

/**
 * The month in which usage begins, for an API that does not name it: month by month is read backwards until
 * several on end are empty. What was read on an earlier night is not read again for it, and a walk that was cut
 * short goes on where it was.
 */
async function foundStart(
  run: Run,
  organizationId: string,
  offer: Omit<UsageOffer, "start">,
): Promise<Day | null> {
  const { known, config } = run;
  const today = dayOf(run.loading.now);
  const stream = streamNamed("usage");
  let found: Day | null = null;
  let empty = 0;
  let to = today;
  for (let month = 0; month < mostMonths && empty < emptyMonths; month++) {
    const from = firstOfMonth(to);
    if (!(await wasRead(run, organizationId, from))) {
      const units = await planUsage(known, {
        stream,
        organizationId,
        offer: { ...offer, start: from },
        today,
        lookbackDays: config.ingest.lookbackDays,
        asked: { from, to },
        urlLength: run.urlLength,
      });
      for (const unit of units) {
        // What fails now is read again the next time, and the walk goes on from there.
        if (!(await run.reader.readNoting(unit))) return found;
      }
    }
    const row = await known.first(
      `select 1
       from raw.usage
       where organization_id = $organizationId and usage_date between $from::date and $to::date
       limit 1`,
      { organizationId, from, to },
    );
    if (row) found = from;
    empty = row ? 0 : empty + 1;
    to = addDays(from, -1);
  }
  if (found === null) {
    run.effects.log.warn(
      `usage/options names no start_date, and the last ${emptyMonths} months have no usage: ` +
        "say with --from which day to begin with if there is some from before.",
    );
  }
  return found;
}

/** Whether the month, or what there was of it, was ever read. */
async function wasRead({ known }: Run, organizationId: string, month: Day): Promise<boolean> {
  const row = await known.first(
    `select 1
     from raw.read_windows
     where stream = 'usage'
       and organization_id = $organizationId
       and load_id is not null
       and status in ('complete', 'partial')
       and window_from <= $month::date
       and window_to >= $month::date
     limit 1`,
    { organizationId, month },
  );
  return row !== undefined;
}
