import type { PlainRows } from "./json-outline.ts";
import type { LandedFile, LandedRequest } from "./land.ts";
import type { ListForm } from "./list-form.ts";
import type { Misshape } from "./shape.ts";
import type { Query } from "./sign.ts";

/** The line of the manifest for one landed response: what was asked for, and what came. */
export interface ManifestEntry {
  path: string;
  stream: string;
  run_id: string;
  load_id: string;
  part: number;
  request: { method: string; path: string; query: Query };
  list_form?: ListForm;
  organization_id: string | null;
  project_id: string | null;
  window_from: string | null;
  window_to: string | null;
  requested_at: string;
  status: number;
  rows: number;
  bytes: number;
  body_bytes: number;
  sha256: string;
  header?: readonly string[];
  is_irregular?: true;
  has_long_numbers?: true;
  misshape?: Misshape;
  odd_rows?: number;
  plain_rows?: PlainRows;
}

export function manifestEntry(runId: string, request: LandedRequest, file: LandedFile): ManifestEntry {
  return {
    path: file.path,
    stream: request.stream.name,
    run_id: runId,
    load_id: request.loadId,
    part: request.part,
    request: { method: request.method, path: request.path, query: request.query },
    ...(request.listForm && { list_form: request.listForm }),
    organization_id: request.organizationId,
    project_id: request.projectId,
    window_from: request.windowFrom,
    window_to: request.windowTo,
    requested_at: request.requestedAt.toISOString(),
    status: 200,
    rows: file.rows,
    bytes: file.bytes,
    body_bytes: file.bodyBytes,
    sha256: file.sha256,
    ...(file.header.length > 0 && { header: file.header }),
    ...(file.isIrregular && { is_irregular: true }),
    ...(file.hasLongNumbers && { has_long_numbers: true }),
    ...(file.misshape && { misshape: file.misshape }),
    ...(file.oddRows > 0 && { odd_rows: file.oddRows }),
    ...(file.plainRows && { plain_rows: file.plainRows }),
  };
}

/** The landed file that an entry tells of. */
export function landedFileOf(entry: ManifestEntry): LandedFile {
  return {
    path: entry.path,
    rows: entry.rows,
    bytes: entry.bytes,
    bodyBytes: entry.body_bytes,
    sha256: entry.sha256,
    requestedAt: new Date(entry.requested_at),
    listForm: entry.list_form ?? null,
    nextPageToken: null,
    hasLongNumbers: entry.has_long_numbers ?? false,
    header: entry.header ?? [],
    isIrregular: entry.is_irregular ?? false,
    misshape: entry.misshape ?? null,
    oddRows: entry.odd_rows ?? 0,
    looksCut: false,
    plainRows: entry.plain_rows ?? null,
    ids: [],
    brokenRows: 0,
    unusualRows: 0,
    hasUuids: false,
  };
}
