import { sqlText, type Warehouse } from "../warehouse.ts";
import type { Counts } from "./diff.ts";
import type { LandedFile, Landing } from "./land.ts";
import { closeGoneProjects, loadInventory } from "./load-inventory.ts";
import { loadUsage } from "./load-usage.ts";
import type { Unit } from "./units.ts";

export interface LoadContext {
  warehouse: Warehouse;
  landing: Landing;
  runId: string;
  /** The run's instant, at which what is loaded counts as known. */
  now: Date;
}

export interface Loaded {
  counts: Counts;
  /** Rows of other streams that were closed along with it, by stream. */
  closed: ReadonlyMap<string, number>;
}

/** An instant as DuckDB reads a TIMESTAMP. */
export const timestampText = (instant: Date): string => instant.toISOString().replace("Z", "");

/**
 * Loads what a unit's requests were answered with, in one transaction, together with the record that it was
 * read: either all of it is in the warehouse, or nothing.
 *
 * @throws LoadError where the answers hold what the table can't take
 */
export async function loadUnit(
  context: LoadContext,
  unit: Unit,
  loadId: string,
  files: readonly LandedFile[],
): Promise<Loaded> {
  const { warehouse, landing } = context;
  const now = timestampText(context.now);
  const shared = { unit, files, landing, now, loadId };
  let closed: ReadonlyMap<string, number> = new Map();
  const { usage } = unit;
  const counts = usage
    ? await loadUsage(warehouse, { ...shared, usage }, async (_, rowsRead) => {
        await recordFiles(context, unit, loadId, files);
        await recordCompleteUsage(context, unit, loadId, usage.projects, rowsRead);
      })
    : await loadInventory(warehouse, shared, async ({ rows }) => {
        if (unit.stream.name === "projects" && unit.organizationId !== null) {
          closed = await closeGoneProjects(warehouse, unit.organizationId, now);
        }
        await recordFiles(context, unit, loadId, files);
        await recordRead(context, unit, loadId, { status: "complete", rows, message: null });
      });
  return { counts, closed };
}

export interface ReadResult {
  status: "complete" | "failed" | "not_offered";
  rows: number | null;
  message: string | null;
}

/** Notes the result of an attempt: for usage, for each of its projects. */
export async function recordRead(
  context: LoadContext,
  unit: Unit,
  loadId: string,
  { status, rows, message }: ReadResult,
): Promise<void> {
  const scope = unit.stream.scope === "project" ? unit.projectId : null;
  const projects = unit.usage ? unit.usage.projects : [scope];
  const values = projects.map(
    (project) =>
      `(${readValues(context, unit, loadId, project)}, ${sqlText(status)}, ${rows ?? "null"}, ${textOrNull(message)})`,
  );
  await context.warehouse.run(`insert into raw.read_windows ${readColumns} values ${values.join(", ")}`);
}

const readColumns = `(
  load_id, run_id, stream, organization_id, project_id, window_from, window_to, attempted_at,
  status, row_count, message
)`;

const textOrNull = (text: string | null): string => (text === null ? "null" : sqlText(text));

function readValues(
  { runId, now }: LoadContext,
  { stream, organizationId, usage }: Unit,
  loadId: string | null,
  project: string | null,
): string {
  return [
    textOrNull(loadId),
    sqlText(runId),
    sqlText(stream.name),
    textOrNull(organizationId),
    textOrNull(project),
    textOrNull(usage?.window.from ?? null),
    textOrNull(usage?.window.to ?? null),
    sqlText(timestampText(now)),
  ].join(", ");
}

async function recordCompleteUsage(
  context: LoadContext,
  unit: Unit,
  loadId: string,
  projects: readonly string[],
  rowsRead: string,
): Promise<void> {
  const { warehouse } = context;
  const counted = await warehouse.all<{ project_id: string | null; rows: string }>(
    `select project_id, count(*) as rows from ${rowsRead} group by project_id`,
  );
  const rowsOf = new Map(counted.map(({ project_id: project, rows }) => [project, rows]));
  const values = projects.map(
    (project) =>
      `(${readValues(context, unit, loadId, project)}, 'complete', ${rowsOf.get(project) ?? 0}, null)`,
  );
  await warehouse.run(`insert into raw.read_windows ${readColumns} values ${values.join(", ")}`);
}

/**
 * Notes that a stream has nothing for these projects in the unit's days, since the API says so without having
 * been asked for them. Such a record has no load, so that the days are read once they are on offer.
 */
export async function recordNothingOffered(
  context: LoadContext,
  unit: Unit,
  projects: readonly string[],
): Promise<void> {
  const { usage, stream, organizationId } = unit;
  if (projects.length === 0 || !usage) return;
  const noted = await context.warehouse.all<{ project_id: string; noted_to: string }>(
    `select project_id, max(window_to) as noted_to
     from raw.read_windows
     where load_id is null and stream = $stream and organization_id = $organizationId
     group by project_id`,
    { stream: stream.name, organizationId },
  );
  const notedTo = new Map(noted.map((each) => [each.project_id, each.noted_to]));
  const message = "usage/options lists no usage of this project";
  const values = projects.map((project) => {
    // Only the days since the last such record, so that years of nights do not pile up.
    const since = notedTo.get(project);
    const from = since && since > usage.window.from && since <= usage.window.to ? since : usage.window.from;
    const rest = { ...unit, usage: { ...usage, window: { from, to: usage.window.to } } };
    return `(${readValues(context, rest, null, project)}, 'complete', 0, ${sqlText(message)})`;
  });
  await context.warehouse.run(`insert into raw.read_windows ${readColumns} values ${values.join(", ")}`);
}

async function recordFiles(
  { warehouse, now }: LoadContext,
  { stream }: Unit,
  loadId: string,
  files: readonly LandedFile[],
): Promise<void> {
  const values = files.map(
    (file) =>
      `(${[
        sqlText(loadId),
        sqlText(file.path),
        sqlText(stream.name),
        sqlText(file.sha256),
        file.bytes,
        file.rows,
        sqlText(timestampText(file.requestedAt)),
        sqlText(timestampText(now)),
      ].join(", ")})`,
  );
  await warehouse.run(
    `insert into raw.landed_files (load_id, path, stream, sha256, bytes, row_count, requested_at, loaded_at)
     values ${values.join(", ")}`,
  );
}
