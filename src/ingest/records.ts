import { sqlText, type Warehouse } from "../warehouse.ts";
import type { LandedFile } from "./land.ts";
import type { ListForm } from "./list-form.ts";
import type { Stream } from "./streams.ts";
import { type Unit, windowOf } from "./units.ts";

/** The run that something is recorded for, and its instant, at which what is loaded counts as known. */
export interface RecordContext {
  warehouse: Warehouse;
  runId: string;
  now: Date;
}

export type ReadStatus = "complete" | "partial" | "failed" | "not_offered";

/** What became of an attempt to read a unit, for one project or for all of its scope. */
export interface ReadRecord {
  unit: Unit;
  /** Null for days that are known to be empty without having been asked for. */
  loadId: string | null;
  project: string | null;
  status: ReadStatus;
  rows: number | null;
  message: string | null;
}

/** A row, or a whole answer, that was put aside. */
export interface Quarantined {
  unit: Unit;
  loadId: string;
  path: string;
  reason: string;
  file: string;
}

/** An instant as DuckDB reads a TIMESTAMP. */
export const timestampText = (instant: Date): string => instant.toISOString().replace("Z", "");

const textOrNull = (text: string | null): string => (text === null ? "null" : sqlText(text));

/** Adds rows to raw.read_windows. */
export async function recordReads(
  { warehouse, runId, now }: RecordContext,
  reads: readonly ReadRecord[],
): Promise<void> {
  if (reads.length === 0) return;
  const values = reads.map(({ unit, loadId, project, status, rows, message }) => {
    const window = windowOf(unit);
    return `(${[
      textOrNull(loadId),
      sqlText(runId),
      sqlText(unit.stream.name),
      textOrNull(unit.organizationId),
      textOrNull(project),
      textOrNull(window?.from ?? null),
      textOrNull(window?.to ?? null),
      sqlText(timestampText(now)),
      sqlText(status),
      rows ?? "null",
      textOrNull(message),
      textOrNull(unit.account),
    ].join(", ")})`;
  });
  await warehouse.run(
    `insert into raw.read_windows (
       load_id, run_id, stream, organization_id, project_id, window_from, window_to, attempted_at, status,
       row_count, message, account
     )
     values ${values.join(", ")}`,
  );
}

/** The same record for each project of usage, or for the scope of a list. */
export function readRecords(
  unit: Unit,
  loadId: string,
  result: { status: ReadStatus; rows: number | null; message: string | null },
): ReadRecord[] {
  const projects = unit.usage?.projects ?? [unit.stream.scope === "project" ? unit.projectId : null];
  return projects.map((project) => ({ unit, loadId, project, ...result }));
}

/** Whether the API ever answered the stream for this organisation, with rows or without. */
export async function wasEverAnswered(
  warehouse: Warehouse,
  { name }: Stream,
  organizationId: string | null,
): Promise<boolean> {
  const answered = await warehouse.first(
    `select 1
     from raw.read_windows
     where stream = $name
       and organization_id is not distinct from $organizationId
       and load_id is not null
       and status in ('complete', 'partial')
     limit 1`,
    { name, organizationId },
  );
  return answered !== undefined;
}

/** Adds rows to raw.landed_files. */
export async function recordFiles(
  { warehouse, now }: RecordContext,
  loads: readonly { unit: Unit; loadId: string; files: readonly LandedFile[] }[],
): Promise<void> {
  const values = loads.flatMap(({ unit, loadId, files }) =>
    files.map(
      (file) =>
        `(${[
          sqlText(loadId),
          sqlText(file.path),
          sqlText(unit.stream.name),
          sqlText(file.sha256),
          file.bytes,
          file.rows,
          sqlText(timestampText(file.requestedAt)),
          sqlText(timestampText(now)),
          textOrNull(file.listForm),
        ].join(", ")})`,
    ),
  );
  if (values.length === 0) return;
  await warehouse.run(
    `insert into raw.landed_files (
       load_id, path, stream, sha256, bytes, row_count, requested_at, loaded_at, list_form
     )
     values ${values.join(", ")}`,
  );
}

/** The form of a request's lists in which each stream was last seen to find something. */
export async function listFormsSeen(warehouse: Warehouse): Promise<Map<string, ListForm>> {
  const seen = await warehouse.all<{ stream: string; form: ListForm }>(
    `select stream, arg_max(list_form, {requested_at: requested_at, path: path}) as form
     from raw.landed_files
     where list_form is not null and row_count > 0
     group by stream`,
  );
  return new Map(seen.map(({ stream, form }) => [stream, form]));
}

/** Adds rows to raw.quarantine. */
export async function recordQuarantined(
  { warehouse, now }: RecordContext,
  rows: readonly Quarantined[],
): Promise<void> {
  if (rows.length === 0) return;
  const values = rows.map(
    ({ unit, loadId, path, reason, file }) =>
      `(${[
        sqlText(loadId),
        sqlText(unit.stream.name),
        textOrNull(unit.organizationId),
        textOrNull(unit.projectId),
        sqlText(path),
        sqlText(reason),
        sqlText(file),
        sqlText(timestampText(now)),
      ].join(", ")})`,
  );
  await warehouse.run(
    `insert into raw.quarantine (
       load_id, stream, organization_id, project_id, path, reason, file, quarantined_at
     )
     values ${values.join(", ")}`,
  );
}
