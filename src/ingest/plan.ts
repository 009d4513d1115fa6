import { sqlText, type Warehouse } from "../warehouse.ts";
import { usageBatches } from "./batches.ts";
import type { Query } from "./sign.ts";
import { type Stream, streamRequest } from "./streams.ts";
import type { Unit } from "./units.ts";
import { addDays, type Day, monthWindows, refreshFrom, usageRange, type Window } from "./windows.ts";

/** What usage/options says that there is usage for. */
export interface UsageOffer {
  start: Day;
  end: Day | null;
  projects: readonly string[];
  resourceTypes: readonly string[];
  regions: readonly string[];
}

export interface UsagePlan {
  stream: Stream;
  organizationId: string;
  offer: UsageOffer;
  today: Day;
  lookbackDays: number;
  /** A span to read, whatever was read before; its open ends are those of what is on offer. */
  asked: { from?: Day | undefined; to?: Day | undefined; full?: boolean | undefined };
  urlLength: (path: string, query: Query) => number;
}

/**
 * The units of usage to read, newest first. On a first run that is the whole history; later the lookback, and
 * what was never read, was last tried in vain or not on offer, or was last read before it had settled.
 */
export async function planUsage(warehouse: Warehouse, plan: UsagePlan): Promise<Unit[]> {
  const { offer, today, asked } = plan;
  if (offer.projects.length === 0 || offer.resourceTypes.length === 0) return [];
  const range = usageRange(offer, today);
  const isAsked = asked.full || asked.from !== undefined || asked.to !== undefined;
  const groups = isAsked
    ? monthWindows(clip(range, asked)).map((window) => ({ window, projects: offer.projects }))
    : await neededWindows(warehouse, plan, range);
  return groups.flatMap(({ window, projects }) => unitsOf(plan, window, projects));
}

function clip(range: Window, { from, to }: UsagePlan["asked"]): Window {
  return {
    from: from && from > range.from ? from : range.from,
    to: to && to < range.to ? to : range.to,
  };
}

function unitsOf(plan: UsagePlan, window: Window, projects: readonly string[]): Unit[] {
  const { stream, organizationId, offer, urlLength } = plan;
  const scope = { account: null, organizationId, projectId: null };
  const { path, query } = streamRequest(stream, scope);
  const dates = {
    start_date: window.from,
    // A day more than is wanted, since the API does not say whether the last day is part of the answer.
    end_date: addDays(window.to, 1),
  };
  const lists = (projectList: readonly string[], types: readonly string[], regions: readonly string[]) => ({
    ...query,
    ...dates,
    projects: projectList,
    resource_types: types,
    regions,
  });
  if (stream.filters === "days") {
    const lists = { projects, otherProjects: [], resourceTypes: offer.resourceTypes, regions: offer.regions };
    return [
      { ...scope, stream, path, queries: [{ ...query, ...dates }], usage: { window, ...lists }, span: null },
    ];
  }
  const filters = { projects, resourceTypes: offer.resourceTypes, regions: offer.regions };
  return usageBatches(filters, urlLength(path, lists([], [], []))).map((batch) => ({
    ...scope,
    stream,
    path,
    queries: batch.requests.map(({ resourceTypes, regions }) =>
      lists(batch.projects, resourceTypes, regions),
    ),
    usage: {
      window,
      projects: batch.projects,
      otherProjects: without(offer.projects, batch.projects),
      resourceTypes: offer.resourceTypes,
      regions: offer.regions,
    },
    span: null,
  }));
}

function without(all: readonly string[], some: readonly string[]): string[] {
  const left = new Set(all);
  for (const each of some) left.delete(each);
  return [...left];
}

/** By month, and by the projects that need the same days of it. */
async function neededWindows(
  warehouse: Warehouse,
  { stream, organizationId, offer, today, lookbackDays }: UsagePlan,
  range: Window,
): Promise<{ window: Window; projects: string[] }[]> {
  const rows = await warehouse.all<{ window_from: Day; window_to: Day; projects: string[] }>(
    `
    with projects as (
      select unnest([${offer.projects.map(sqlText).join(", ")}]) as project_id
    ),
    attempts as (
      select
        project_id,
        attempted_at,
        load_id,
        status,
        unnest(generate_series(
          greatest(window_from, $from::date),
          least(window_to, $to::date),
          interval 1 day
        ))::date as usage_date
      from raw.read_windows
      where stream = $stream
        and organization_id = $organization
        and load_id is not null
        and window_from <= $to::date
        and window_to >= $from::date
    ),
    states as (
      select
        project_id,
        usage_date,
        max(attempted_at) filter (status = 'complete') as read_at,
        arg_max(status, {attempted_at: attempted_at, load_id: load_id}) as last_status
      from attempts
      group by project_id, usage_date
    ),
    days as (
      select
        projects.project_id,
        span.usage_date::date as usage_date
      from projects
      cross join generate_series($from::date, $to::date, interval 1 day) as span(usage_date)
    ),
    needed as (
      select
        days.project_id,
        days.usage_date
      from days
      left join states
        on states.project_id = days.project_id and states.usage_date = days.usage_date
      where days.usage_date >= $refresh_from::date
        or coalesce(states.last_status, 'failed') in ('failed', 'partial', 'not_offered')
        or (
          states.last_status = 'complete'
          and states.read_at::date < days.usage_date + greatest($lookback::integer, 1)
        )
    ),
    months as (
      select
        project_id,
        min(usage_date) as window_from,
        max(usage_date) as window_to
      from needed
      group by project_id, date_trunc('month', usage_date)
    ),
    final as (
      select
        window_from,
        window_to,
        list(project_id order by project_id) as projects
      from months
      group by window_from, window_to
    )
    select window_from, window_to, projects
    from final
    order by window_to desc, window_from desc`,
    {
      stream: stream.name,
      organization: organizationId,
      from: range.from,
      to: range.to,
      refresh_from: refreshFrom(today, lookbackDays),
      lookback: lookbackDays,
    },
  );
  return rows.map((row) => ({
    window: { from: row.window_from, to: row.window_to },
    projects: row.projects,
  }));
}
