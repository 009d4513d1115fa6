import { computeStreams } from "./streams/compute-streams.ts";
import { networkingStreams } from "./streams/networking-streams.ts";
import { organizationStreams } from "./streams/organization-streams.ts";
import { storageStreams } from "./streams/storage-streams.ts";
import type { Stream } from "./streams/stream.ts";
import { usageStreams } from "./streams/usage-streams.ts";

export type { Column, ColumnKind, ScopeColumn, Stream } from "./streams/stream.ts";

/**
 * Every stream that tally reads. A new resource is a new entry in the file of its area and a staging model in
 * sql/staging; nothing else knows of single resources.
 */
export const streams: readonly Stream[] = [
  ...organizationStreams,
  ...usageStreams,
  ...computeStreams,
  ...storageStreams,
  ...networkingStreams,
];

/** The entry of that name. */
export function streamNamed(streamName: string): Stream {
  const stream = streams.find((each) => each.name === streamName);
  if (!stream) throw new Error(`There is no stream ${streamName}.`);
  return stream;
}

/** The values that a request's path and parameters are filled in with. */
export interface StreamScope {
  /** Whose list it is, where it is the account's own and no organisation's; null in a workspace of one account. */
  account: string | null;
  organizationId: string | null;
  projectId: string | null;
}

/** The path and parameters of the stream's request for a scope and, where it has one, a span of days. */
export function streamRequest(
  stream: Stream,
  { organizationId: organization, projectId: project }: StreamScope,
  span?: { from: string; to: string } | null,
): { path: string; query: Record<string, string> } {
  const values: Readonly<Record<string, string | null | undefined>> = {
    organization_id: organization,
    project_id: project,
    from: span?.from,
    to: span?.to,
  };
  // All at once, so that a value that looks like a placeholder is not filled in again.
  const fill = (template: string, encode: (value: string) => string) =>
    template.replace(/\{(\w+)\}/g, (_, key: string) => encode(values[key] ?? ""));
  return {
    path: fill(stream.path, encodeURIComponent),
    query: Object.fromEntries(
      Object.entries(stream.query).map(([key, value]) => [key, fill(value, (filled) => filled)]),
    ),
  };
}
