import { createHash } from "node:crypto";
import type { Warehouse } from "../warehouse.ts";
import { type Unit, windowOf } from "./units.ts";
import { addDays, type Day } from "./windows.ts";

/** When a unit was last read, and with what result. */
export interface LastRead {
  /** The day of the last attempt that was answered. */
  answeredOn: Day | null;
  status: string;
}

/** What was last read of each stream and scope, for those that have a row of their own. */
export type LastReads = ReadonlyMap<string, LastRead>;

const keyOf = (
  stream: string,
  account: string | null,
  organizationId: string | null,
  projectId: string | null,
): string => JSON.stringify([stream, account, organizationId, projectId]);

/** Looks up what was last read of the lists. */
export async function lastReads(warehouse: Warehouse): Promise<LastReads> {
  const rows = await warehouse.all<{
    stream: string;
    account: string | null;
    organization_id: string | null;
    project_id: string | null;
    answered_on: Day | null;
    status: string;
  }>(
    `select
       stream,
       account,
       organization_id,
       project_id,
       max(attempted_at) filter (status in ('complete', 'partial', 'not_offered'))::date as answered_on,
       arg_max(status, {attempted_at: attempted_at, load_id: load_id}) as status
     from raw.read_windows
     where load_id is not null
     group by stream, account, organization_id, project_id`,
  );
  return new Map(
    rows.map(({ stream, account, organization_id, project_id, answered_on, status }) => [
      keyOf(stream, account, organization_id, project_id),
      { answeredOn: answered_on, status },
    ]),
  );
}

/** What was last read of the unit's scope. */
export function lastReadOf(reads: LastReads, unit: Unit): LastRead | null {
  const { stream, account, organizationId, projectId } = unit;
  const project = stream.scope === "project" ? projectId : null;
  return reads.get(keyOf(stream.name, account, organizationId, project)) ?? null;
}

/**
 * Whether a run has to read the unit: what is read weekly is due once its day of the week has come since it was
 * last read, when it was never read, and when that failed. The day follows from stream and project alone, so
 * that each night has about a seventh of them.
 */
export function isDue(unit: Unit, last: LastRead | null, today: Day): boolean {
  if (unit.stream.cadence === "every_run" || !last?.answeredOn) return true;
  if (last.status === "failed" || last.status === "partial") return true;
  return lastTurn(unit, today) > last.answeredOn;
}

const dayMs = 86_400_000;

/** The latest day up to today that is the unit's own day of the week. */
function lastTurn({ stream, projectId }: Unit, today: Day): Day {
  const hash = createHash("sha256").update(`${stream.name} ${projectId}`).digest().readUInt32BE();
  const dayNumber = Math.floor(Date.parse(today) / dayMs);
  return addDays(today, -((dayNumber + hash) % 7));
}

/** From which day on a stream that is asked for by time is read: from the last read back, or from the start. */
export function spanFrom(unit: Unit, last: LastRead | null, today: Day): Day {
  const { span } = unit.stream;
  if (!span) return windowOf(unit)?.from ?? today;
  const since = last?.status === "not_offered" ? null : (last?.answeredOn ?? null);
  return since ? addDays(since, -span.overlapDays) : addDays(today, -span.firstDays);
}
